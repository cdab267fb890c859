import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { accessTokenSeconds, type Tokens } from '../auth/tokens.ts';
import { row } from '../db/sql.ts';
import { unit } from '../db/unit.ts';
import { ShopError } from '../http/problem.ts';
import { findAccount, findAccountByEmail, type Account } from './accounts.ts';
import { hashSecret, verifyPassword } from './password.ts';
import { addRefreshToken, endFamily, endFamilyOf } from './refresh-tokens.ts';
import { giveBack, takeAttempts } from './throttle.ts';

export interface IssuedTokens {
  accessToken: string;
  tokenType: 'Bearer';
  expiresIn: number;
  refreshToken: string;
  scope: string;
}

const refused = (detail: string) => new ShopError('unauthorized', detail);

export async function login(
  db: DataSource,
  tokens: Tokens,
  email: string,
  password: string,
  address: string,
): Promise<IssuedTokens> {
  await takeAttempts(db.manager, ['account', email], ['address', address]);
  const account = await findAccountByEmail(db.manager, email);
  const right = await verifyPassword(password, account?.pwd_hsh);
  // One answer for all three: who has an account here is nobody's business.
  if (account === undefined || !right || account.stat_cd !== 'A')
    throw refused('The address or the password is wrong.');
  const family = randomUUID();
  const refreshToken = await unit(db, async (tx) => {
    await giveBack(tx, email, address);
    return addRefreshToken(tx, account.usr_id, family);
  });
  return answerOf(tokens, account, family, refreshToken);
}

/** The successor of a refresh token. The first statement takes the token, so that it is valid once, even when raced. */
export async function refresh(db: DataSource, tokens: Tokens, token: string): Promise<IssuedTokens> {
  const hash = hashSecret(token);
  const outcome = await unit(db, async (tx) => {
    const taken = await row<{ usr_id: number; fam_id: string }>(
      tx,
      `update rfr_tok set used_dt = now()
       where tok_hsh = $1 and used_dt is null and rvk_dt is null and exp_dt > now() returning usr_id, fam_id`,
      [hash],
    );
    if (taken === undefined) {
      // A used one that comes back was stolen, or its successor was: the whole family ends. This must commit.
      await tx.query(
        `update rfr_tok set rvk_dt = now() where rvk_dt is null and fam_id =
           (select fam_id from rfr_tok where tok_hsh = $1 and used_dt is not null)`,
        [hash],
      );
      return undefined;
    }
    const account = await findAccount(tx, taken.usr_id);
    if (account?.stat_cd !== 'A') return undefined;
    const refreshToken = await addRefreshToken(tx, taken.usr_id, taken.fam_id);
    return { account, family: taken.fam_id, refreshToken };
  });
  if (outcome === undefined) throw refused('The refresh token is not valid. Sign in again.');
  return answerOf(tokens, outcome.account, outcome.family, outcome.refreshToken);
}

export async function logout(db: DataSource, token: string): Promise<void> {
  await unit(db, (tx) => endFamilyOf(tx, token));
}

/** Ends the session of a refresh token, or of an access token that stems from it (RFC 7009): unknown ones are no error. */
export async function revoke(db: DataSource, tokens: Tokens, token: string): Promise<void> {
  const caller = await tokens.read(token);
  await unit(db, (tx) =>
    caller?.sessionId === undefined ? endFamilyOf(tx, token) : endFamily(tx, caller.sessionId),
  );
}

async function answerOf(
  tokens: Tokens,
  account: Account,
  sessionId: string,
  refreshToken: string,
): Promise<IssuedTokens> {
  const scope = account.permissions.join(' ');
  const grant = { subject: String(account.usr_id), roles: account.roles, scope, sessionId };
  return {
    accessToken: await tokens.issue(grant),
    tokenType: 'Bearer',
    expiresIn: accessTokenSeconds,
    refreshToken,
    scope,
  };
}
