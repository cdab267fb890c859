import type { DataSource, EntityManager } from 'typeorm';
import { constraintOf, row, rows, sqlState, uniqueViolation, type Sql } from '../db/sql.ts';
import { unit } from '../db/unit.ts';
import type { Role } from '../http/document.ts';
import { notFound, ShopError } from '../http/problem.ts';
import { UserEntity, type UserRow } from './entities.ts';
import { emitUser } from './events.ts';
import { addLink } from './links.ts';
import { hashPassword, verifyPassword } from './password.ts';
import { endSessions } from './refresh-tokens.ts';

export type Status = 'active' | 'blocked' | 'erased';
const statusOf = { A: 'active', B: 'blocked', E: 'erased' } as const;

export interface User {
  id: number;
  name: string;
  email: string;
  emailVerified: boolean;
  status: Status;
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
  emailVerified: account.eml_vrf_dt !== null,
  status: statusOf[account.stat_cd],
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
): Promise<{ user: User; link: string }> {
  const hash = await hashPassword(wanted.password);
  return refusingTakenEmail(() =>
    unit(db, async (tx) => {
      const inserted = await tx
        .getRepository(UserEntity)
        .insert({ usr_nm: wanted.name, eml: wanted.email, pwd_hsh: hash });
      const id = Number(inserted.identifiers[0]?.['usr_id']);
      await tx.query(`insert into usr_rol (usr_id, rol_cd) values ($1, 'customer')`, [id]);
      const link = await addLink(tx, id, 'V', wanted.email);
      await emitUser(tx, 'user.registered', { id, version: 1 });
      return { user: await presentUser(tx, id), link };
    }),
  );
}

/** A new address has to be verified anew: `link` is there then, to be mailed to it. */
export async function updateProfile(
  db: DataSource,
  id: number,
  change: { name?: string; email?: string },
): Promise<{ user: User; link: string | undefined }> {
  return refusingTakenEmail(() =>
    unit(db, async (tx) => {
      const before = await lockAccount(tx, id);
      if (before.stat_cd === 'E') throw erased();
      const moved = change.email !== undefined && change.email.toLowerCase() !== before.eml.toLowerCase();
      const columns = {
        ...(change.name === undefined ? {} : { usr_nm: change.name }),
        ...(change.email === undefined ? {} : { eml: change.email }),
        ...(moved ? { eml_vrf_dt: null } : {}),
      };
      const version = await changeAccount(tx, id, columns);
      const link = moved ? await addLink(tx, id, 'V', change.email ?? '') : undefined;
      await emitUser(tx, 'user.profile-changed', { id, version }, { fields: Object.keys(change) });
      return { user: await presentUser(tx, id), link };
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
  await unit(db, async (tx) => {
    const version = await changeAccount(tx, id, { pwd_hsh: hash });
    await endSessions(tx, id);
    await emitUser(tx, 'user.password-changed', { id, version });
  });
}

export function setStatus(db: DataSource, id: number, status: 'active' | 'blocked'): Promise<User> {
  const code = status === 'blocked' ? 'B' : 'A';
  return unit(db, async (tx) => {
    const before = await lockAccount(tx, id);
    if (before.stat_cd === 'E') throw erased();
    if (before.stat_cd === code) return presentUser(tx, id);
    const version = await changeAccount(tx, id, { stat_cd: code });
    if (status === 'blocked') await endSessions(tx, id);
    await emitUser(tx, status === 'blocked' ? 'user.blocked' : 'user.unblocked', { id, version });
    return presentUser(tx, id);
  });
}

const erased = () => new ShopError('illegal-move', 'The account is erased.');

async function lockAccount(tx: EntityManager, id: number): Promise<Pick<UserRow, 'eml' | 'stat_cd'>> {
  const found = await row<UserRow>(tx, 'select eml, stat_cd from usr where usr_id = $1 for update', [id]);
  if (found === undefined) throw notFound(`user ${id}`);
  return found;
}

/** Gives the account's new version. */
async function changeAccount(
  tx: EntityManager,
  id: number,
  columns: Partial<Pick<UserRow, 'usr_nm' | 'eml' | 'eml_vrf_dt' | 'pwd_hsh' | 'stat_cd'>>,
): Promise<number> {
  const updated = await tx
    .createQueryBuilder()
    .update(UserEntity)
    .set({ ...columns, upd_dt: () => 'now()', ver_no: () => 'ver_no + 1' })
    .where('usr_id = :id', { id })
    .returning('ver_no')
    .execute();
  const [changed] = updated.raw as { ver_no: string }[];
  if (changed === undefined) throw notFound(`user ${id}`);
  return Number(changed.ver_no);
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
