import { randomBytes } from 'node:crypto';
import { rows, type Sql } from '#kernel/db/statements.ts';
import { refreshTokenSeconds } from '../rules/limits.ts';
import { hashSecret } from './data-source.ts';

/** A session is what stems from one login: refresh tokens, each the successor of the one before. */
export async function addRefreshToken(sql: Sql, accountId: number, sessionId: string): Promise<string> {
  const token = randomBytes(32).toString('base64url');
  await rows(
    sql,
    `insert into refresh_tokens (token_hash, account_id, session_id, expires_at)
     values ($1, $2, $3, now() + make_interval(secs => $4))`,
    [hashSecret(token), accountId, sessionId, refreshTokenSeconds],
  );
  return token;
}

/** Takes a refresh token, which is valid once, even when raced. */
export async function takeRefreshToken(
  sql: Sql,
  token: string,
): Promise<{ accountId: number; sessionId: string } | undefined> {
  const [taken] = await rows<{ accountId: number; sessionId: string }>(
    sql,
    `update refresh_tokens set used_at = now()
     where token_hash = $1 and used_at is null and revoked_at is null and expires_at > now()
     returning account_id as "accountId", session_id as "sessionId"`,
    [hashSecret(token)],
  );
  return taken;
}

/** A used token that comes back was stolen, or its successor was: the whole session ends. */
export async function endReusedSession(sql: Sql, token: string): Promise<void> {
  await rows(
    sql,
    `update refresh_tokens set revoked_at = now() where revoked_at is null and session_id =
       (select session_id from refresh_tokens where token_hash = $1 and used_at is not null)`,
    [hashSecret(token)],
  );
}

export async function endSessionOf(sql: Sql, token: string): Promise<void> {
  await rows(
    sql,
    `update refresh_tokens set revoked_at = now() where revoked_at is null and session_id =
       (select session_id from refresh_tokens where token_hash = $1)`,
    [hashSecret(token)],
  );
}

export async function endSession(sql: Sql, sessionId: string): Promise<void> {
  await rows(
    sql,
    'update refresh_tokens set revoked_at = now() where session_id = $1 and revoked_at is null',
    [sessionId],
  );
}

export async function endAllSessions(sql: Sql, accountId: number): Promise<void> {
  await rows(
    sql,
    'update refresh_tokens set revoked_at = now() where account_id = $1 and revoked_at is null',
    [accountId],
  );
}

export async function isSessionAlive(sql: Sql, sessionId: string): Promise<boolean> {
  const found = await rows(
    sql,
    'select 1 from refresh_tokens where session_id = $1 and revoked_at is null and expires_at > now() limit 1',
    [sessionId],
  );
  return found.length > 0;
}

/** A refresh token that can still be exchanged, and whose. */
export async function findRefreshToken(
  sql: Sql,
  token: string,
): Promise<{ accountId: number; expiresAt: Date } | undefined> {
  const [found] = await rows<{ accountId: number; expiresAt: Date }>(
    sql,
    `select t.account_id as "accountId", t.expires_at as "expiresAt"
     from refresh_tokens t join accounts a on a.id = t.account_id
     where t.token_hash = $1 and t.used_at is null and t.revoked_at is null and t.expires_at > now()
       and a.status = 'active'`,
    [hashSecret(token)],
  );
  return found;
}
