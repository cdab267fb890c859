import type { Sql } from '../db/sql.ts';
import { emit } from '../outbox/emit.ts';

export type UserEventType =
  | 'user.registered'
  | 'user.profile-changed'
  | 'user.email-verified'
  | 'user.password-changed'
  | 'user.roles-changed'
  | 'user.blocked'
  | 'user.unblocked'
  | 'user.erased';

/** Says of a user what changed, not to what: names and addresses are for those who may ask for them. */
export function emitUser(
  tx: Sql,
  type: UserEventType,
  user: { id: number; version: number },
  payload: Record<string, unknown> = {},
): Promise<void> {
  return emit(tx, {
    aggregateType: 'user',
    aggregateId: String(user.id),
    type,
    version: user.version,
    payload: { userId: user.id, ...payload },
  });
}

export function emitPermissions(
  tx: Sql,
  role: string,
  version: number,
  permissions: readonly string[],
): Promise<void> {
  return emit(tx, {
    aggregateType: 'role',
    aggregateId: role,
    type: 'role.permissions-changed',
    version,
    payload: { role, permissions },
  });
}
