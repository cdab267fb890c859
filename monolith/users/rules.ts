import type { Caller } from '../auth/tokens.ts';

const staff = ['agent', 'manager', 'admin'] as const;

/** An account is erased by its owner, or by an admin. */
export const mayErase = (caller: Pick<Caller, 'userId' | 'roles'>, id: number): boolean =>
  caller.userId === id || caller.roles.includes('admin');

/** Everybody sees the own account; staff, and services that were granted it, see all. */
export function maySeeUser(caller: Pick<Caller, 'userId' | 'roles' | 'scopes'>, id: number): boolean {
  return (
    caller.userId === id ||
    staff.some((role) => caller.roles.includes(role)) ||
    (caller.userId === undefined && caller.scopes.includes('users:read'))
  );
}
