import type { DataSource } from 'typeorm';
import { row, rows, type Sql } from '../db/sql.ts';
import { unit } from '../db/unit.ts';
import type { Role } from '../http/document.ts';
import { notFound } from '../http/problem.ts';

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

export async function setPermissions(
  db: DataSource,
  role: Role,
  permissions: readonly string[],
): Promise<RoleWithPermissions> {
  return unit(db, async (tx) => {
    await tx.query('delete from rol_perm where rol_cd = $1', [role]);
    await tx.query('insert into rol_perm (rol_cd, perm_cd) select $1, unnest($2::text[])', [
      role,
      permissions,
    ]);
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

export async function setRoles(db: DataSource, userId: number, roles: readonly Role[]): Promise<Role[]> {
  return unit(db, async (tx) => {
    // Locks the account, so that two who set its roles do so one after the other.
    const touched = await rows(tx, 'update usr set upd_dt = now() where usr_id = $1 returning usr_id', [
      userId,
    ]);
    if (touched.length === 0) throw notFound(`user ${userId}`);
    await tx.query('delete from usr_rol where usr_id = $1', [userId]);
    await tx.query('insert into usr_rol (usr_id, rol_cd) select $1, unnest($2::text[])', [userId, roles]);
    return rolesOf(tx, userId);
  });
}
