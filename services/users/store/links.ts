import { randomBytes } from 'node:crypto';
import { rows, type Sql } from '#kernel/db/statements.ts';
import { linkSeconds, type LinkPurpose } from '../rules/limits.ts';
import { invalidLink } from '../rules/refusal.ts';
import { hashSecret } from './data-source.ts';

const newSecret = () => randomBytes(32).toString('base64url');

/** A mailed link's secret, in place of those of its purpose that went before. */
export async function addLink(
  sql: Sql,
  accountId: number,
  purpose: LinkPurpose,
  email: string,
): Promise<string> {
  const secret = newSecret();
  await rows(
    sql,
    `with gone as (delete from mail_links where account_id = $2 and purpose = $3 and used_at is null)
     insert into mail_links (secret_hash, account_id, purpose, email, expires_at)
     values ($1, $2, $3, $4, now() + make_interval(secs => $5))`,
    [hashSecret(secret), accountId, purpose, email, linkSeconds[purpose]],
  );
  return secret;
}

export interface ResetLink {
  id: number;
  given: string;
  family: string | null;
  email: string;
  secret: string;
}

/** One statement, whether the address has an active account or not: the time does not tell. */
export async function addResetLink(
  sql: Sql,
  email: string,
  allowed: boolean,
): Promise<ResetLink | undefined> {
  const secret = newSecret();
  const [made] = await rows<Omit<ResetLink, 'secret'>>(
    sql,
    `with a as (
       select id, given_name, family_name, email from accounts
       where lower(email) = lower($2) and status = 'active' and $3::boolean
     ), gone as (
       delete from mail_links l using a where l.account_id = a.id and l.purpose = 'reset-password' and l.used_at is null
     ), made as (
       insert into mail_links (secret_hash, account_id, purpose, email, expires_at)
       select $1::bytea, id, 'reset-password', email, now() + make_interval(secs => $4) from a
     )
     select id, given_name as given, family_name as family, email from a`,
    [hashSecret(secret), email, allowed, linkSeconds['reset-password']],
  );
  return made && { ...made, secret };
}

/** Takes a link, which is valid once, even when raced. Refused: `link-invalid`. */
export async function takeLink(
  sql: Sql,
  purpose: LinkPurpose,
  secret: string,
): Promise<{ accountId: number; email: string }> {
  const [taken] = await rows<{ accountId: number; email: string }>(
    sql,
    `update mail_links set used_at = now()
     where secret_hash = $1 and purpose = $2 and used_at is null and expires_at > now()
     returning account_id as "accountId", email`,
    [hashSecret(secret), purpose],
  );
  if (taken === undefined) throw invalidLink();
  return taken;
}

/** Whether it could be taken now: spares the cost of a password's hash for one that could not. */
export async function isLinkValid(sql: Sql, purpose: LinkPurpose, secret: string): Promise<boolean> {
  const found = await rows(
    sql,
    'select 1 from mail_links where secret_hash = $1 and purpose = $2 and used_at is null and expires_at > now()',
    [hashSecret(secret), purpose],
  );
  return found.length > 0;
}
