import { randomBytes } from 'node:crypto';
import { row, type Sql } from '../db/sql.ts';
import { ShopError } from '../http/problem.ts';
import { hashSecret } from './password.ts';

/** What a mailed link is for: `V` verifies an address, `P` sets a new password. */
export type LinkKind = 'V' | 'P';

const lifeSeconds: Record<LinkKind, number> = { V: 3 * 24 * 3600, P: 3600 };

/** A link's secret for the account, in place of those of its kind that went before. */
export async function addLink(tx: Sql, userId: number, kind: LinkKind, email: string): Promise<string> {
  const secret = randomBytes(32).toString('base64url');
  await tx.query('delete from usr_lnk where usr_id = $1 and kind_cd = $2 and used_dt is null', [
    userId,
    kind,
  ]);
  await tx.query(
    `insert into usr_lnk (lnk_hsh, usr_id, kind_cd, eml, exp_dt)
     values ($1, $2, $3, $4, now() + make_interval(secs => $5))`,
    [hashSecret(secret), userId, kind, email, lifeSeconds[kind]],
  );
  return secret;
}

/** The same for whoever has the address; one statement, whether there is somebody or not. */
export async function addResetLink(
  tx: Sql,
  email: string,
  allowed: boolean,
): Promise<{ id: number; name: string; email: string; secret: string } | undefined> {
  const secret = randomBytes(32).toString('base64url');
  const made = await row<{ id: number; name: string; email: string }>(
    tx,
    `with u as (
       select usr_id, usr_nm, eml from usr where lower(eml) = lower($2) and stat_cd = 'A' and $3
     ), gone as (
       delete from usr_lnk l using u where l.usr_id = u.usr_id and l.kind_cd = 'P' and l.used_dt is null
     ), made as (
       insert into usr_lnk (lnk_hsh, usr_id, kind_cd, eml, exp_dt)
       select $1, usr_id, 'P', eml, now() + make_interval(secs => $4) from u
     )
     select usr_id as id, usr_nm as name, eml as email from u`,
    [hashSecret(secret), email, allowed, lifeSeconds.P],
  );
  return made && { ...made, secret };
}

export const invalidLink = () => new ShopError('link-invalid', 'The link is not valid. Ask for a new one.');

/** Takes a link, which is valid once, even when raced. Refused: `link-invalid`. */
export async function takeLink(
  tx: Sql,
  kind: LinkKind,
  secret: string,
): Promise<{ userId: number; email: string }> {
  const taken = await row<{ usr_id: number; eml: string }>(
    tx,
    `update usr_lnk set used_dt = now()
     where lnk_hsh = $1 and kind_cd = $2 and used_dt is null and exp_dt > now() returning usr_id, eml`,
    [hashSecret(secret), kind],
  );
  if (taken === undefined) throw invalidLink();
  return { userId: taken.usr_id, email: taken.eml };
}

/** Whether it could be taken now: spares the cost of a password's hash for a link that could not. */
export async function isLinkValid(sql: Sql, kind: LinkKind, secret: string): Promise<boolean> {
  const found = await row(
    sql,
    'select 1 from usr_lnk where lnk_hsh = $1 and kind_cd = $2 and used_dt is null and exp_dt > now()',
    [hashSecret(secret), kind],
  );
  return found !== undefined;
}

export async function dropOldLinks(tx: Sql): Promise<void> {
  await tx.query(`delete from usr_lnk where exp_dt < now() - interval '7 days'`);
}
