import type { DataSource } from 'typeorm';
import { publish } from '#kernel/db/outbox.ts';
import type { Write } from '#kernel/db/unit-of-work.ts';
import type { SendMail } from '#kernel/mail/send-mail.ts';
import { hashPassword } from './passwords.ts';
import { userEvent } from './rules/event.ts';
import { joinName } from './rules/name.ts';
import { invalidLink, noUser } from './rules/refusal.ts';
import { tooMany } from './sign-in.ts';
import { changeAccount, findAccount, lockAccount, setPassword } from './store/accounts.ts';
import { countAttempts, forgetAttempts } from './store/attempts.ts';
import { addLink, addResetLink, isLinkValid, takeLink } from './store/links.ts';
import { endAllSessions } from './store/sessions.ts';
import type { Sql } from '#kernel/db/statements.ts';

export interface Mailing {
  source: DataSource;
  write: Write;
  sendMail: SendMail;
}

export const mailVerification = (
  sendMail: SendMail,
  to: { id: number; name: string; email: string },
  link: string,
): Promise<void> =>
  sendMail({
    key: `verify-${to.id}`,
    to: to.email,
    subject: 'Confirm your address',
    text: `Hello ${to.name},\n\nyour account is open. Confirm this address within three days with the code\n\n${link}`,
  });

/** Mails another link to the account's present address; nothing where it is verified already. */
export async function sendVerification({ source, write, sendMail }: Mailing, id: number): Promise<void> {
  const account = await findAccount(source.manager, id);
  if (account === undefined) throw noUser(id);
  if (account.verifiedAt !== null || account.status !== 'active') return;
  // Two units: the attempt counts, also when what follows is refused.
  const seconds = await write((sql) => countAttempts(sql, [['mail', account.email]]));
  if (seconds !== undefined) throw tooMany(seconds);
  const link = await write((sql) => addLink(sql, id, 'verify-email', account.email));
  await mailVerification(sendMail, { id, name: joinName(account), email: account.email }, link);
}

export async function verifyEmail(write: Write, secret: string): Promise<void> {
  await write(async (sql) => {
    const id = await takeFor(sql, 'verify-email', secret);
    const version = await changeAccount(sql, id, { verified: true });
    await publish(sql, [userEvent('user.email-verified', { id, version })]);
  });
}

/**
 * Mails a link that sets a new password. Answers alike whether there is such an account, and takes as long: the statements
 * are the same, and nobody waits for the mail.
 */
export async function requestReset({ write, sendMail }: Mailing, email: string): Promise<void> {
  const seconds = await write((sql) => countAttempts(sql, [['mail', email]]));
  const made = await write((sql) => addResetLink(sql, email, seconds === undefined));
  if (made === undefined) return;
  void sendMail({
    key: `reset-${made.id}`,
    to: made.email,
    subject: 'A new password',
    text: `Hello ${joinName(made)},\n\nset a new password within an hour with the code\n\n${made.secret}\n\nYou did not ask for it? Then there is nothing to do.`,
  });
}

/** All sessions end; the address is verified by the way, for its owner has read the mail. */
export async function resetPassword(
  { source, write }: Pick<Mailing, 'source' | 'write'>,
  secret: string,
  newPassword: string,
): Promise<void> {
  if (!(await isLinkValid(source.manager, 'reset-password', secret))) throw invalidLink();
  const passwordHash = await hashPassword(newPassword);
  await write(async (sql) => {
    const id = await takeFor(sql, 'reset-password', secret);
    const { email } = await lockAccount(sql, id);
    const version = await changeAccount(sql, id, { verified: true });
    await setPassword(sql, id, passwordHash);
    await endAllSessions(sql, id);
    await forgetAttempts(sql, email, ['login-account']);
    await publish(sql, [userEvent('user.password-changed', { id, version })]);
  });
}

/** A link is for the address that it was mailed to: one that has been replaced since opens nothing. */
async function takeFor(
  sql: Sql,
  purpose: 'verify-email' | 'reset-password',
  secret: string,
): Promise<number> {
  const { accountId, email } = await takeLink(sql, purpose, secret);
  const account = await lockAccount(sql, accountId);
  if (account.status !== 'active' || account.email.toLowerCase() !== email.toLowerCase()) throw invalidLink();
  return accountId;
}
