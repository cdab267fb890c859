import type { DataSource, EntityManager } from 'typeorm';
import { row } from '../db/sql.ts';
import { unit } from '../db/unit.ts';
import { notFound } from '../http/problem.ts';
import type { SendMail } from '../mail/send-mail.ts';
import { findAccount } from './accounts.ts';
import { emitUser } from './events.ts';
import { addLink, addResetLink, invalidLink, isLinkValid, takeLink } from './links.ts';
import { hashPassword } from './password.ts';
import { endSessions } from './refresh-tokens.ts';
import { forgetAttempts, mayMail, takeAttempts } from './throttle.ts';

interface Recipient {
  id: number;
  name: string;
  email: string;
}

export const mailVerification = (sendMail: SendMail, to: Recipient, link: string): Promise<void> =>
  sendMail({
    key: `verify-${to.id}`,
    to: to.email,
    subject: 'Confirm your address',
    text: `Hello ${to.name},\n\nyour account is open. Confirm this address within three days with the code\n\n${link}`,
  });

/** Mails another link to the account's present address; nothing where it is verified already. */
export async function sendVerification(db: DataSource, sendMail: SendMail, id: number): Promise<void> {
  const account = await findAccount(db.manager, id);
  if (account === undefined) throw notFound(`user ${id}`);
  if (account.eml_vrf_dt !== null || account.stat_cd !== 'A') return;
  await takeAttempts(db.manager, ['mail', account.eml]);
  const link = await unit(db, (tx) => addLink(tx, id, 'V', account.eml));
  await mailVerification(sendMail, { id, name: account.usr_nm, email: account.eml }, link);
}

export async function verifyEmail(db: DataSource, secret: string): Promise<void> {
  await unit(db, async (tx) => {
    const { userId, email } = await takeLink(tx, 'V', secret);
    const version = await change(tx, userId, email, 'eml_vrf_dt = coalesce(eml_vrf_dt, now())');
    await emitUser(tx, 'user.email-verified', { id: userId, version });
  });
}

/**
 * Mails a link that sets a new password. Answers alike whether there is such an account, and takes as long: the statements
 * are the same, and nobody waits for the mail.
 */
export async function requestReset(db: DataSource, sendMail: SendMail, email: string): Promise<void> {
  const allowed = await mayMail(db.manager, email);
  const made = await unit(db, (tx) => addResetLink(tx, email, allowed));
  if (made === undefined) return;
  void sendMail({
    key: `reset-${made.id}`,
    to: made.email,
    subject: 'A new password',
    text: `Hello ${made.name},\n\nset a new password within an hour with the code\n\n${made.secret}\n\nYou did not ask for it? Then there is nothing to do.`,
  });
}

/** All sessions end; the address is verified by the way, for its owner has read the mail. */
export async function resetPassword(db: DataSource, secret: string, newPassword: string): Promise<void> {
  if (!(await isLinkValid(db.manager, 'P', secret))) throw invalidLink();
  const hash = await hashPassword(newPassword);
  await unit(db, async (tx) => {
    const { userId, email } = await takeLink(tx, 'P', secret);
    const version = await change(
      tx,
      userId,
      email,
      'pwd_hsh = $3, eml_vrf_dt = coalesce(eml_vrf_dt, now())',
      hash,
    );
    await endSessions(tx, userId);
    await forgetAttempts(tx, email);
    await emitUser(tx, 'user.password-changed', { id: userId, version });
  });
}

/** A link is for the address that it was mailed to: one that has been replaced since opens nothing. */
async function change(
  tx: EntityManager,
  userId: number,
  email: string,
  set: string,
  ...values: unknown[]
): Promise<number> {
  const changed = await row<{ version: number }>(
    tx,
    `update usr set ${set}, upd_dt = now(), ver_no = ver_no + 1
     where usr_id = $1 and lower(eml) = lower($2) and stat_cd = 'A' returning ver_no::int as version`,
    [userId, email, ...values],
  );
  if (changed === undefined) throw invalidLink();
  return changed.version;
}
