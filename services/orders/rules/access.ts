export interface Caller {
  /** Undefined for a service's token: its subject is a client id. */
  userId: number | undefined;
  roles: readonly string[];
  scopes: readonly string[];
}

const staff: readonly string[] = ['agent', 'manager', 'admin'];
export const refunders: readonly string[] = ['manager', 'admin'];
export const trackers = staff;

/** Staff, and services that were granted it, see every order; a customer the own ones. */
export function seesAllOrders({ userId, roles, scopes }: Caller): boolean {
  return (
    roles.some((role) => staff.includes(role)) || (userId === undefined && scopes.includes('orders:read'))
  );
}

export const mayChangeOrder = ({ userId, roles }: Caller, ownerId: number): boolean =>
  userId === ownerId || roles.some((role) => refunders.includes(role));
