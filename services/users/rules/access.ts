export const roleNames = ['customer', 'agent', 'manager', 'admin'] as const;
export type Role = (typeof roleNames)[number];

export interface Caller {
  /** Undefined for a service's token: its subject is a client id. */
  userId: number | undefined;
  roles: readonly string[];
  scopes: readonly string[];
}

const staff: readonly string[] = ['agent', 'manager', 'admin'] satisfies Role[];

/** Everybody sees the own account; staff, and services that were granted it, see all. */
export function maySee(caller: Caller, id: number): boolean {
  return (
    caller.userId === id ||
    caller.roles.some((role) => staff.includes(role)) ||
    (caller.userId === undefined && caller.scopes.includes('users:read'))
  );
}

/** An account is erased by its owner, or by an admin. */
export function mayErase(caller: Caller, id: number): boolean {
  return caller.userId === id || caller.roles.includes('admin');
}
