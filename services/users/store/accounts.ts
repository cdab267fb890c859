import { errorCodeOf } from '#kernel/errors.ts';
import { constraintOf, rows, type Sql } from '#kernel/db/statements.ts';
import type { Role } from '../rules/access.ts';
import { joinName, splitName } from '../rules/name.ts';
import { noUser, refuse } from '../rules/refusal.ts';

export type Status = 'active' | 'blocked' | 'erased';

export interface UserView {
  id: number;
  name: string;
  email: string;
  emailVerified: boolean;
  status: Status;
  roles: Role[];
  createdAt: string;
  updatedAt: string;
}

export interface Account {
  id: number;
  given: string;
  family: string | null;
  email: string;
  verifiedAt: Date | null;
  status: Status;
  version: number;
  createdAt: Date;
  updatedAt: Date;
  passwordHash: string | null;
  roles: Role[];
  /** What the roles permit: the scopes of a token. */
  permissions: string[];
}

/** An account, its credentials, its roles and what they permit, in one statement. */
const select = `
  select a.id, a.given_name as given, a.family_name as family, a.email, a.email_verified_at as "verifiedAt",
    a.status::text as status, a.version::int as version, a.created_at as "createdAt", a.updated_at as "updatedAt",
    c.password_hash as "passwordHash",
    array(select r.role from account_roles r where r.account_id = a.id order by 1) as roles,
    array(select distinct p.permission from account_roles r join role_permissions p using (role)
      where r.account_id = a.id order by 1) as permissions
  from accounts a left join credentials c on c.account_id = a.id`;

export const viewOf = (account: Account): UserView => ({
  id: account.id,
  name: joinName(account),
  email: account.email,
  emailVerified: account.verifiedAt !== null,
  status: account.status,
  roles: account.roles,
  createdAt: account.createdAt.toISOString(),
  updatedAt: account.updatedAt.toISOString(),
});

export async function findAccount(sql: Sql, id: number): Promise<Account | undefined> {
  const [account] = await rows<Account>(sql, `${select} where a.id = $1`, [id]);
  return account;
}

export async function findAccountByEmail(sql: Sql, email: string): Promise<Account | undefined> {
  const [account] = await rows<Account>(sql, `${select} where lower(a.email) = lower($1)`, [email]);
  return account;
}

export async function viewUser(sql: Sql, id: number): Promise<UserView> {
  const account = await findAccount(sql, id);
  if (account === undefined) throw noUser(id);
  return viewOf(account);
}

export async function listUsers(
  sql: Sql,
  { email, limit, afterId }: { email?: string | undefined; limit: number; afterId: number },
): Promise<{ items: UserView[]; more: boolean }> {
  const found = await rows<Account>(
    sql,
    `${select} where a.id > $1 and ($3::text is null or lower(a.email) = lower($3)) order by a.id limit $2`,
    [afterId, limit + 1, email ?? null],
  );
  return { items: found.slice(0, limit).map(viewOf), more: found.length > limit };
}

export async function insertAccount(
  sql: Sql,
  account: { email: string; name: string; passwordHash: string },
): Promise<number> {
  const { given, family } = splitName(account.name);
  const [created] = await refusingTakenEmail(() =>
    rows<{ id: number }>(
      sql,
      `with a as (
         insert into accounts (given_name, family_name, email) values ($1, $2, $3) returning id
       ), c as (
         insert into credentials (account_id, password_hash) select id, $4 from a
       ), r as (
         insert into account_roles (account_id, role) select id, 'customer' from a
       )
       select id from a`,
      [given, family, account.email, account.passwordHash],
    ),
  );
  if (created === undefined) throw new Error('An insert gave no row.');
  return created.id;
}

/** The account's row, locked: its changes take turns. */
export async function lockAccount(
  sql: Sql,
  id: number,
): Promise<{ email: string; status: Status; version: number }> {
  const [found] = await rows<{ email: string; status: Status; version: number }>(
    sql,
    'select email, status::text as status, version::int as version from accounts where id = $1 for update',
    [id],
  );
  if (found === undefined) throw noUser(id);
  return found;
}

export interface AccountChange {
  name?: string;
  email?: string;
  /** True: now; false: not any more. */
  verified?: boolean;
  status?: Status;
}

/** Changes an account and gives its new version; without a change it only becomes a version newer. */
export async function changeAccount(sql: Sql, id: number, change: AccountChange): Promise<number> {
  const name = change.name === undefined ? undefined : splitName(change.name);
  const [changed] = await refusingTakenEmail(() =>
    rows<{ version: number }>(
      sql,
      `update accounts set
         given_name = case when $2 then $3 else given_name end,
         family_name = case when $2 then $4 else family_name end,
         email = coalesce($5, email),
         email_verified_at = case $6::boolean when true then coalesce(email_verified_at, now()) when false then null
           else email_verified_at end,
         status = coalesce($7::account_status, status), version = version + 1, updated_at = now()
       where id = $1 returning version::int as version`,
      [
        id,
        name !== undefined,
        name?.given ?? null,
        name?.family ?? null,
        change.email ?? null,
        change.verified ?? null,
        change.status ?? null,
      ],
    ),
  );
  if (changed === undefined) throw noUser(id);
  return changed.version;
}

export async function setPassword(sql: Sql, id: number, passwordHash: string): Promise<void> {
  await rows(sql, 'update credentials set password_hash = $2 where account_id = $1', [id, passwordHash]);
}

async function refusingTakenEmail<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (errorCodeOf(cause) === '23505' && constraintOf(cause) === 'accounts_email_key')
      throw refuse('email-taken', 'Another account has this e-mail address.', { cause });
    throw cause;
  }
}
