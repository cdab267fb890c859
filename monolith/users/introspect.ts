import type { Tokens } from '../auth/tokens.ts';
import { row, type Sql } from '../db/sql.ts';
import { findAccount } from './accounts.ts';
import { hashSecret } from './password.ts';
import { isFamilyAlive } from './refresh-tokens.ts';

/** What RFC 7662 answers; `{ active: false }` for whatever is not in force, without a reason. */
export interface Introspection {
  active: boolean;
  sub?: string;
  iss?: string;
  aud?: string;
  scope?: string;
  roles?: string[];
  /** Seconds since 1970. */
  exp?: number;
  token_type?: string;
}

export async function introspect(
  sql: Sql,
  tokens: Tokens,
  issuer: string,
  token: string,
): Promise<Introspection> {
  const caller = await tokens.read(token);
  if (caller === undefined) return introspectRefreshToken(sql, issuer, token);
  // A blocked account's access token is dead to those who ask, before its time.
  if (caller.userId !== undefined && (await findAccount(sql, caller.userId))?.stat_cd !== 'A')
    return { active: false };
  // So is one whose session has ended.
  if (caller.sessionId !== undefined && !(await isFamilyAlive(sql, caller.sessionId)))
    return { active: false };
  return {
    active: true,
    sub: caller.subject,
    iss: issuer,
    aud: 'shop',
    scope: caller.scopes.join(' '),
    roles: [...caller.roles],
    exp: Math.floor(caller.expiresAtMs / 1000),
    token_type: 'Bearer',
  };
}

async function introspectRefreshToken(sql: Sql, issuer: string, token: string): Promise<Introspection> {
  const found = await row<{ usr_id: number; exp_dt: Date }>(
    sql,
    `select t.usr_id, t.exp_dt from rfr_tok t join usr u using (usr_id)
     where t.tok_hsh = $1 and t.used_dt is null and t.rvk_dt is null and t.exp_dt > now() and u.stat_cd = 'A'`,
    [hashSecret(token)],
  );
  if (found === undefined) return { active: false };
  return {
    active: true,
    sub: String(found.usr_id),
    iss: issuer,
    exp: Math.floor(found.exp_dt.getTime() / 1000),
    token_type: 'refresh_token',
  };
}
