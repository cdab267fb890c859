import type { Sql } from '#kernel/db/statements.ts';
import { userIdOf } from '#kernel/auth/authorize.ts';
import { findAccount } from './store/accounts.ts';
import { findRefreshToken, isSessionAlive } from './store/sessions.ts';
import { audience, type Tokens } from './tokens.ts';

/** What RFC 7662 answers; `{ active: false }` for whatever is not in force, without a reason. */
export interface Introspection {
  active: boolean;
  sub?: string;
  iss?: string;
  aud?: string;
  scope?: string;
  roles?: readonly string[];
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
  const identity = await tokens.read(token);
  if (identity === undefined) return introspectRefreshToken(sql, issuer, token);
  const { subject, roles, scopes, claims } = identity;
  // A blocked account's access token is dead to those who ask, before its time; so is one whose session has ended.
  const userId = userIdOf(subject);
  if (userId !== undefined && (await findAccount(sql, userId))?.status !== 'active') return { active: false };
  const sessionId = claims['sid'];
  if (typeof sessionId === 'string' && !(await isSessionAlive(sql, sessionId))) return { active: false };
  return {
    active: true,
    sub: subject,
    iss: issuer,
    aud: audience,
    scope: scopes.join(' '),
    roles,
    exp: claims.exp ?? 0,
    token_type: 'Bearer',
  };
}

async function introspectRefreshToken(sql: Sql, issuer: string, token: string): Promise<Introspection> {
  const found = await findRefreshToken(sql, token);
  if (found === undefined) return { active: false };
  return {
    active: true,
    sub: String(found.accountId),
    iss: issuer,
    exp: Math.floor(found.expiresAt.getTime() / 1000),
    token_type: 'refresh_token',
  };
}
