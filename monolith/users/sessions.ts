import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { accessTokenSeconds, type Tokens } from '../auth/tokens.ts';
import { row } from '../db/sql.ts';
import { unit } from '../db/unit.ts';
import { ShopError } from '../http/problem.ts';
import { findAccount, findAccountByEmail, type Account } from './accounts.ts';
import { hashSecret, verifyPassword } from './password.ts';
import { addRefreshToken } from './refresh-tokens.ts';

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
): Promise<IssuedTokens> {
  const account = await findAccountByEmail(db.manager, email);
  const right = await verifyPassword(password, account?.pwd_hsh);
  // One answer for all three: who has an account here is nobody's business.
  if (account === undefined || !right || account.stat_cd !== 'A')
    throw refused('The address or the password is wrong.');
  const refreshToken = await addRefreshToken(db.manager, account.usr_id, randomUUID());
  return answerOf(tokens, account, refreshToken);
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
    return { account, refreshToken: await addRefreshToken(tx, taken.usr_id, taken.fam_id) };
  });
  if (outcome === undefined) throw refused('The refresh token is not valid. Sign in again.');
  return answerOf(tokens, outcome.account, outcome.refreshToken);
}

export async function logout(db: DataSource, token: string): Promise<void> {
  await unit(db, (tx) =>
    tx.query(
      `update rfr_tok set rvk_dt = now() where rvk_dt is null and fam_id =
         (select fam_id from rfr_tok where tok_hsh = $1)`,
      [hashSecret(token)],
    ),
  );
}

async function answerOf(tokens: Tokens, account: Account, refreshToken: string): Promise<IssuedTokens> {
  const scope = account.permissions.join(' ');
  const grant = { subject: String(account.usr_id), roles: account.roles, scope };
  return {
    accessToken: await tokens.issue(grant),
    tokenType: 'Bearer',
    expiresIn: accessTokenSeconds,
    refreshToken,
    scope,
  };
}
