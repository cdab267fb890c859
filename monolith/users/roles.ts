import type { DataSource } from 'typeorm';
import { row, rows, type Sql } from '../db/sql.ts';
import { unit } from '../db/unit.ts';
import type { Role } from '../http/document.ts';
import { notFound, ShopError } from '../http/problem.ts';
import { emitPermissions, emitUser } from './events.ts';

export interface RoleWithPermissions {
  role: Role;
  name: string;
  permissions: string[];
}

const selectRole = `
  select rol_cd as role, rol_nm as name,
    array(select p.perm_cd from rol_perm p where p.rol_cd = rol.rol_cd order by 1) as permissions
  from rol`;

export const listRoles = (sql: Sql) => rows<RoleWithPermissions>(sql, `${selectRole} order by rol_cd`);

export interface Permission {
  permission: string;
  roles: Role[];
}

export const listPermissions = (sql: Sql) =>
  rows<Permission>(
    sql,
    `select perm_cd as permission, array_agg(rol_cd order by rol_cd) as roles
     from rol_perm group by perm_cd order by perm_cd`,
  );

export async function setPermissions(
  db: DataSource,
  role: Role,
  permissions: readonly string[],
): Promise<RoleWithPermissions> {
  return unit(db, async (tx) => {
    // Locks the role: two who set its permissions do so one after the other.
    const touched = await row<{ version: number }>(
      tx,
      'update rol set ver_no = ver_no + 1 where rol_cd = $1 returning ver_no::int as version',
      [role],
    );
    if (touched === undefined) throw notFound(`role ${role}`);
    await tx.query('delete from rol_perm where rol_cd = $1', [role]);
    await tx.query('insert into rol_perm (rol_cd, perm_cd) select $1, unnest($2::text[])', [
      role,
      permissions,
    ]);
    await emitPermissions(tx, role, touched.version, permissions);
    const changed = await row<RoleWithPermissions>(tx, `${selectRole} where rol_cd = $1`, [role]);
    if (changed === undefined) throw notFound(`role ${role}`);
    return changed;
  });
}

export async function rolesOf(sql: Sql, userId: number): Promise<Role[]> {
  const found = await row<{ roles: Role[] }>(
    sql,
    'select array(select rol_cd from usr_rol r where r.usr_id = u.usr_id order by 1) as roles from usr u where usr_id = $1',
    [userId],
  );
  if (found === undefined) throw notFound(`user ${userId}`);
  return found.roles;
}

/** Sets the roles to what `change` makes of them; what stays as it was is no change. */
export async function changeRoles(
  db: DataSource,
  userId: number,
  change: (before: readonly Role[]) => readonly Role[],
): Promise<Role[]> {
  return unit(db, async (tx) => {
    // Locks the account, so that two who set its roles do so one after the other.
    const account = await row<{ stat_cd: string }>(
      tx,
      'select stat_cd from usr where usr_id = $1 for update',
      [userId],
    );
    if (account === undefined) throw notFound(`user ${userId}`);
    if (account.stat_cd === 'E') throw new ShopError('illegal-move', 'The account is erased.');
    const before = await rolesOf(tx, userId);
    const after = [...new Set(change(before))].sort();
    if (after.join() === before.join()) return before;
    const touched = await row<{ version: number }>(
      tx,
      'update usr set upd_dt = now(), ver_no = ver_no + 1 where usr_id = $1 returning ver_no::int as version',
      [userId],
    );
    await tx.query('delete from usr_rol where usr_id = $1 and rol_cd <> all($2::text[])', [userId, after]);
    await tx.query(
      'insert into usr_rol (usr_id, rol_cd) select $1, unnest($2::text[]) on conflict do nothing',
      [userId, after],
    );
    await emitUser(
      tx,
      'user.roles-changed',
      { id: userId, version: touched?.version ?? 1 },
      { roles: after },
    );
    return after;
  });
}
