import { randomBytes } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { row, type Sql } from '../db/sql.ts';
import { unit } from '../db/unit.ts';
import { dropOldLinks } from './links.ts';
import { hashSecret } from './password.ts';
import { dropOldAttempts } from './throttle.ts';

export const refreshTokenSeconds = 30 * 24 * 3600;

export async function endSessions(tx: Sql, userId: number): Promise<void> {
  await tx.query('update rfr_tok set rvk_dt = now() where usr_id = $1 and rvk_dt is null', [userId]);
}

export async function endFamily(tx: Sql, family: string): Promise<void> {
  await tx.query('update rfr_tok set rvk_dt = now() where fam_id = $1 and rvk_dt is null', [family]);
}

export async function endFamilyOf(tx: Sql, token: string): Promise<void> {
  await tx.query(
    `update rfr_tok set rvk_dt = now() where rvk_dt is null and fam_id =
       (select fam_id from rfr_tok where tok_hsh = $1)`,
    [hashSecret(token)],
  );
}

/** Whether a session still has a token that can be, or was, exchanged: none was revoked. */
export async function isFamilyAlive(sql: Sql, family: string): Promise<boolean> {
  const found = await row(
    sql,
    'select 1 from rfr_tok where fam_id = $1 and rvk_dt is null and exp_dt > now() limit 1',
    [family],
  );
  return found !== undefined;
}

/** Tokens that ended more than a week ago (until then a reuse is still noticed), old links and counts. */
export async function dropEnded(db: DataSource): Promise<void> {
  await unit(db, async (tx) => {
    await tx.query(`delete from rfr_tok where exp_dt < now() - interval '7 days'`);
    await dropOldLinks(tx);
    await dropOldAttempts(tx);
  });
}

export async function addRefreshToken(sql: Sql, userId: number, family: string): Promise<string> {
  const token = randomBytes(32).toString('base64url');
  await sql.query(
    `insert into rfr_tok (tok_hsh, usr_id, fam_id, exp_dt) values ($1, $2, $3, now() + make_interval(secs => $4))`,
    [hashSecret(token), userId, family, refreshTokenSeconds],
  );
  return token;
}
