import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { rows } from '#kernel/db/statements.ts';
import type { Write } from '#kernel/db/unit-of-work.ts';
import { checkPassword } from './passwords.ts';
import { accessTokenSeconds } from './rules/limits.ts';
import { refuse } from './rules/refusal.ts';
import { findAccount, findAccountByEmail, type Account } from './store/accounts.ts';
import { countAttempts, giveBack } from './store/attempts.ts';
import {
  addRefreshToken,
  endReusedSession,
  endSession,
  endSessionOf,
  takeRefreshToken,
} from './store/sessions.ts';
import type { Tokens } from './tokens.ts';

export interface IssuedTokens {
  accessToken: string;
  tokenType: 'Bearer';
  expiresIn: number;
  refreshToken: string;
  scope: string;
}

export interface Issuing {
  source: DataSource;
  write: Write;
  tokens: Tokens;
}

export interface Login {
  email: string;
  password: string;
  /** Where it comes from: attempts are counted by it. */
  address: string;
}

/** Signs in, and brings the stored password to its present form. Refused: `unauthorized`, `too-many-requests`. */
export async function login(to: Issuing, { email, password, address }: Login): Promise<IssuedTokens> {
  const seconds = await to.write((sql) =>
    countAttempts(sql, [
      ['login-account', email],
      ['login-address', address],
    ]),
  );
  if (seconds !== undefined) throw tooMany(seconds);
  const account = await findAccountByEmail(to.source.manager, email);
  const { isRight, upgraded } = await checkPassword(password, account?.passwordHash ?? undefined);
  // One answer for all: who has an account here is nobody's business.
  if (account?.status !== 'active' || !isRight)
    throw refuse('unauthorized', 'The address or the password is wrong.');
  const sessionId = randomUUID();
  const refreshToken = await to.write(async (sql) => {
    await giveBack(sql, email, address);
    if (upgraded !== undefined) {
      // Unless it was changed in between.
      await rows(
        sql,
        'update credentials set password_hash = $2 where account_id = $1 and password_hash = $3',
        [account.id, upgraded, account.passwordHash],
      );
    }
    return addRefreshToken(sql, account.id, sessionId);
  });
  return issue(to, account, sessionId, refreshToken);
}

/** The successor of a refresh token; one that comes a second time ends its session. Refused: `unauthorized`. */
export async function refresh(to: Issuing, token: string): Promise<IssuedTokens> {
  const outcome = await to.write(async (sql) => {
    const taken = await takeRefreshToken(sql, token);
    if (taken === undefined) {
      // This must commit, so the refusal comes after it.
      await endReusedSession(sql, token);
      return undefined;
    }
    const account = await findAccount(sql, taken.accountId);
    if (account?.status !== 'active') return undefined;
    const refreshToken = await addRefreshToken(sql, account.id, taken.sessionId);
    return { account, sessionId: taken.sessionId, refreshToken };
  });
  if (outcome === undefined) throw refuse('unauthorized', 'The refresh token is not valid. Sign in again.');
  return issue(to, outcome.account, outcome.sessionId, outcome.refreshToken);
}

export async function logout({ write }: Issuing, token: string): Promise<void> {
  await write((sql) => endSessionOf(sql, token));
}

/** Ends the session of a refresh token, or of an access token that stems from it (RFC 7009): unknown ones are no error. */
export async function revoke({ write, tokens }: Issuing, token: string): Promise<void> {
  const sessionId = (await tokens.read(token))?.claims['sid'];
  await write((sql) =>
    typeof sessionId === 'string' ? endSession(sql, sessionId) : endSessionOf(sql, token),
  );
}

export const tooMany = (seconds: number) =>
  refuse('too-many-requests', 'Too many attempts. Wait, then try again.', {
    headers: { 'retry-after': String(seconds) },
  });

async function issue(
  { tokens }: Issuing,
  account: Account,
  sessionId: string,
  refreshToken: string,
): Promise<IssuedTokens> {
  const scope = account.permissions.join(' ');
  const accessToken = await tokens.issue({
    subject: String(account.id),
    roles: account.roles,
    scope,
    sessionId,
  });
  return { accessToken, tokenType: 'Bearer', expiresIn: accessTokenSeconds, refreshToken, scope };
}
