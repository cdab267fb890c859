import { randomBytes } from 'node:crypto';
import type { DataSource } from 'typeorm';
import type { Sql } from '../db/sql.ts';
import { unit } from '../db/unit.ts';
import { hashSecret } from './password.ts';

export const refreshTokenSeconds = 30 * 24 * 3600;

export async function endSessions(tx: Sql, userId: number): Promise<void> {
  await tx.query('update rfr_tok set rvk_dt = now() where usr_id = $1 and rvk_dt is null', [userId]);
}

/** Tokens that ended more than a week ago: until then a reuse is still noticed. */
export async function dropEndedTokens(db: DataSource): Promise<void> {
  await unit(db, (tx) => tx.query(`delete from rfr_tok where exp_dt < now() - interval '7 days'`));
}

export async function addRefreshToken(sql: Sql, userId: number, family: string): Promise<string> {
  const token = randomBytes(32).toString('base64url');
  await sql.query(
    `insert into rfr_tok (tok_hsh, usr_id, fam_id, exp_dt) values ($1, $2, $3, now() + make_interval(secs => $4))`,
    [hashSecret(token), userId, family, refreshTokenSeconds],
  );
  return token;
}
