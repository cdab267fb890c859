export interface Caller {
  /** Undefined for a service's token: its subject is a client id. */
  userId: number | undefined;
  roles: readonly string[];
}

export const agents: readonly string[] = ['agent', 'admin'];

/** Agents see and change every ticket; everybody else their own. */
export const worksOnTickets = ({ roles }: Pick<Caller, 'roles'>): boolean =>
  roles.some((role) => agents.includes(role));

/** Of what belongs to a customer: that another's exists is not told. */
export const maySee = (caller: Caller, customerId: number): boolean =>
  worksOnTickets(caller) || caller.userId === customerId;
