import type { DataSource } from 'typeorm';
import { publish } from '#kernel/db/outbox.ts';
import { rows } from '#kernel/db/statements.ts';
import type { Write } from '#kernel/db/unit-of-work.ts';
import { checkPassword, hashPassword } from './passwords.ts';
import { userEvent } from './rules/event.ts';
import { erased, noUser, refuse } from './rules/refusal.ts';
import {
  changeAccount,
  findAccount,
  insertAccount,
  lockAccount,
  setPassword,
  viewUser,
  type UserView,
} from './store/accounts.ts';
import { forgetAttempts } from './store/attempts.ts';
import { addLink } from './store/links.ts';
import { endAllSessions } from './store/sessions.ts';

/** An account, and the secret that verifies its address, to be mailed to it. */
export interface WithLink {
  user: UserView;
  link: string | undefined;
}

export async function register(
  write: Write,
  wanted: { email: string; name: string; password: string },
): Promise<WithLink> {
  const passwordHash = await hashPassword(wanted.password);
  return write(async (sql) => {
    const id = await insertAccount(sql, { ...wanted, passwordHash });
    const link = await addLink(sql, id, 'verify-email', wanted.email);
    await publish(sql, [userEvent('user.registered', { id, version: 1 })]);
    return { user: await viewUser(sql, id), link };
  });
}

/** A new address has to be verified anew. */
export function changeProfile(
  write: Write,
  id: number,
  change: { name?: string; email?: string },
): Promise<WithLink> {
  return write(async (sql) => {
    const before = await lockAccount(sql, id);
    if (before.status === 'erased') throw erased();
    const { email } = change;
    const moved = email !== undefined && email.toLowerCase() !== before.email.toLowerCase();
    const version = await changeAccount(sql, id, { ...change, ...(moved ? { verified: false } : {}) });
    const link = moved ? await addLink(sql, id, 'verify-email', email) : undefined;
    await publish(sql, [userEvent('user.profile-changed', { id, version }, { fields: Object.keys(change) })]);
    return { user: await viewUser(sql, id), link };
  });
}

/** All sessions end. */
export async function changePassword(
  source: DataSource,
  write: Write,
  id: number,
  { currentPassword, newPassword }: { currentPassword: string; newPassword: string },
): Promise<void> {
  const account = await findAccount(source.manager, id);
  if (account === undefined) throw noUser(id);
  if (!(await checkPassword(currentPassword, account.passwordHash ?? undefined)).isRight)
    throw refuse('forbidden', 'The current password is not right.');
  const passwordHash = await hashPassword(newPassword);
  await write(async (sql) => {
    const version = await changeAccount(sql, id, {});
    await setPassword(sql, id, passwordHash);
    await endAllSessions(sql, id);
    await publish(sql, [userEvent('user.password-changed', { id, version })]);
  });
}

/** Blocks an account, which ends its sessions, or opens it again. */
export function setStatus(write: Write, id: number, status: 'active' | 'blocked'): Promise<UserView> {
  return write(async (sql) => {
    const before = await lockAccount(sql, id);
    if (before.status === 'erased') throw erased();
    if (before.status === status) return viewUser(sql, id);
    const version = await changeAccount(sql, id, { status });
    if (status === 'blocked') await endAllSessions(sql, id);
    await publish(sql, [
      userEvent(status === 'blocked' ? 'user.blocked' : 'user.unblocked', { id, version }),
    ]);
    return viewUser(sql, id);
  });
}

/**
 * Removes what is personal of an account, and what could sign in to it. Its id stays, for orders and books name it; what
 * stands in the address's place is none that anybody could register. Whoever else keeps personal data hears of it by the
 * event. Erasing again changes nothing.
 */
export function eraseUser(write: Write, id: number): Promise<void> {
  return write(async (sql) => {
    const before = await lockAccount(sql, id);
    if (before.status === 'erased') return;
    const version = await changeAccount(sql, id, {
      name: 'Erased user',
      email: `erased-${id}`,
      verified: false,
      status: 'erased',
    });
    await setPassword(sql, id, '!');
    for (const table of ['refresh_tokens', 'mail_links', 'account_roles'])
      await rows(sql, `delete from ${table} where account_id = $1`, [id]);
    await forgetAttempts(sql, before.email, ['login-account', 'mail']);
    await publish(sql, [userEvent('user.erased', { id, version })]);
  });
}
