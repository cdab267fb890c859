import type { DataSource, EntityManager } from 'typeorm';
import { constraintOf, row, rows, sqlState, uniqueViolation, type Sql } from '../db/sql.ts';
import { unit } from '../db/unit.ts';
import type { Role } from '../http/document.ts';
import { notFound, ShopError } from '../http/problem.ts';
import { UserEntity, type UserRow } from './entities.ts';
import { hashPassword, verifyPassword } from './password.ts';
import { endSessions } from './refresh-tokens.ts';

export interface User {
  id: number;
  name: string;
  email: string;
  status: 'active' | 'blocked';
  roles: Role[];
  createdAt: string;
  updatedAt: string;
}

export type Account = UserRow & { roles: Role[]; permissions: string[] };

/** An account, its roles and what they permit, in one statement. */
const selectAccount = `
  select u.*,
    array(select r.rol_cd from usr_rol r where r.usr_id = u.usr_id order by 1) as roles,
    array(select distinct p.perm_cd from usr_rol r join rol_perm p using (rol_cd) where r.usr_id = u.usr_id order by 1)
      as permissions
  from usr u`;

export const userOf = (account: Account): User => ({
  id: account.usr_id,
  name: account.usr_nm,
  email: account.eml,
  status: account.stat_cd === 'A' ? 'active' : 'blocked',
  roles: account.roles,
  createdAt: account.crt_dt.toISOString(),
  updatedAt: account.upd_dt.toISOString(),
});

export const findAccount = (sql: Sql, id: number) =>
  row<Account>(sql, `${selectAccount} where u.usr_id = $1`, [id]);

export const findAccountByEmail = (sql: Sql, email: string) =>
  row<Account>(sql, `${selectAccount} where lower(u.eml) = lower($1)`, [email]);

export async function presentUser(sql: Sql, id: number): Promise<User> {
  const account = await findAccount(sql, id);
  if (account === undefined) throw notFound(`user ${id}`);
  return userOf(account);
}

export async function listUsers(
  sql: Sql,
  filter: { email?: string; limit: number; afterId: number },
): Promise<{ items: User[]; more: boolean }> {
  const parameters: unknown[] = [filter.afterId, filter.limit + 1];
  const byEmail =
    filter.email === undefined ? '' : `and lower(u.eml) = lower($${parameters.push(filter.email)})`;
  const found = await rows<Account>(
    sql,
    `${selectAccount} where u.usr_id > $1 ${byEmail} order by u.usr_id limit $2`,
    parameters,
  );
  return { items: found.slice(0, filter.limit).map(userOf), more: found.length > filter.limit };
}

export async function register(
  db: DataSource,
  wanted: { email: string; name: string; password: string },
): Promise<User> {
  const hash = await hashPassword(wanted.password);
  return refusingTakenEmail(() =>
    unit(db, async (tx) => {
      const inserted = await tx
        .getRepository(UserEntity)
        .insert({ usr_nm: wanted.name, eml: wanted.email, pwd_hsh: hash });
      const id = Number(inserted.identifiers[0]?.['usr_id']);
      await tx.query(`insert into usr_rol (usr_id, rol_cd) values ($1, 'customer')`, [id]);
      return presentUser(tx, id);
    }),
  );
}

export async function updateProfile(
  db: DataSource,
  id: number,
  change: { name?: string; email?: string },
): Promise<User> {
  return refusingTakenEmail(() =>
    changeAccount(db, id, {
      ...(change.name === undefined ? {} : { usr_nm: change.name }),
      ...(change.email === undefined ? {} : { eml: change.email }),
    }),
  );
}

export async function changePassword(
  db: DataSource,
  id: number,
  { currentPassword, newPassword }: { currentPassword: string; newPassword: string },
): Promise<void> {
  const account = await findAccount(db.manager, id);
  if (account === undefined) throw notFound(`user ${id}`);
  if (!(await verifyPassword(currentPassword, account.pwd_hsh))) {
    throw new ShopError('forbidden', 'The current password is not right.');
  }
  const hash = await hashPassword(newPassword);
  await changeAccount(db, id, { pwd_hsh: hash }, (tx) => endSessions(tx, id));
}

export function setStatus(db: DataSource, id: number, status: User['status']): Promise<User> {
  const blocked = status === 'blocked';
  return changeAccount(db, id, { stat_cd: blocked ? 'B' : 'A' }, async (tx) => {
    if (blocked) await endSessions(tx, id);
  });
}

async function changeAccount(
  db: DataSource,
  id: number,
  columns: Partial<Pick<UserRow, 'usr_nm' | 'eml' | 'pwd_hsh' | 'stat_cd'>>,
  also: (tx: EntityManager) => Promise<void> = async () => {},
): Promise<User> {
  return unit(db, async (tx) => {
    const { affected } = await tx
      .getRepository(UserEntity)
      .update({ usr_id: id }, { ...columns, upd_dt: () => 'now()' });
    if (affected === 0) throw notFound(`user ${id}`);
    await also(tx);
    return presentUser(tx, id);
  });
}

async function refusingTakenEmail<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (sqlState(cause) === uniqueViolation && constraintOf(cause) === 'usr_eml_key') {
      throw new ShopError('email-taken', 'Another account has this e-mail address.', { cause });
    }
    throw cause;
  }
}
