import type { DataSource } from 'typeorm';
import { presentUser, type User } from '../users/accounts.ts';
import type { Passage } from '../http/passage.ts';
import type { RemoteCall } from './remote-call.ts';

/** What the other modules need of the accounts. Refused: `not-found`. */
export interface UsersPort {
  user(id: number): Promise<User>;
}

export const localUsers = (db: DataSource): UsersPort => ({ user: (id) => presentUser(db.manager, id) });

export const remoteUsers = (call: RemoteCall, passage: Passage): UsersPort => ({
  user: async (id) => (await call(passage, { method: 'GET', path: `/users/${id}` })) as User,
});
