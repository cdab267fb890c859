import type { DomainEvent } from '#kernel/db/outbox.ts';

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
export function userEvent(
  type: UserEventType,
  user: { id: number; version: number },
  payload: Record<string, unknown> = {},
): DomainEvent {
  return {
    aggregateType: 'user',
    aggregateId: String(user.id),
    type,
    version: user.version,
    payload: { userId: user.id, ...payload },
  };
}

export function permissionsEvent(role: string, version: number, permissions: readonly string[]): DomainEvent {
  return {
    aggregateType: 'role',
    aggregateId: role,
    type: 'role.permissions-changed',
    version,
    payload: { role, permissions },
  };
}
