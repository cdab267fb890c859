import { publish } from '#kernel/db/outbox.ts';
import { rows, type Sql } from '#kernel/db/statements.ts';
import type { Role } from '../rules/access.ts';
import { permissionsEvent, userEvent } from '../rules/event.ts';
import { erased, noUser, refuse } from '../rules/refusal.ts';
import { changeAccount, lockAccount } from './accounts.ts';

export interface RoleView {
  role: Role;
  name: string;
  permissions: string[];
}

const select = `
  select name as role, title as name,
    array(select p.permission from role_permissions p where p.role = roles.name order by 1) as permissions
  from roles`;

export const listRoles = (sql: Sql) => rows<RoleView>(sql, `${select} order by roles.name`);

export const listPermissions = (sql: Sql) =>
  rows<{ permission: string; roles: Role[] }>(
    sql,
    'select permission, array_agg(role order by role) as roles from role_permissions group by 1 order by 1',
  );

export async function setPermissions(
  sql: Sql,
  role: Role,
  permissions: readonly string[],
): Promise<RoleView> {
  // Locks the role: two who set its permissions do so one after the other.
  const [touched] = await rows<{ version: number }>(
    sql,
    'update roles set version = version + 1 where name = $1 returning version::int as version',
    [role],
  );
  if (touched === undefined) throw refuse('not-found', `There is no role ${role}.`);
  await rows(sql, 'delete from role_permissions where role = $1 and permission <> all($2::text[])', [
    role,
    permissions,
  ]);
  await rows(
    sql,
    'insert into role_permissions (role, permission) select $1, unnest($2::text[]) on conflict do nothing',
    [role, permissions],
  );
  await publish(sql, [permissionsEvent(role, touched.version, permissions)]);
  const [changed] = await rows<RoleView>(sql, `${select} where roles.name = $1`, [role]);
  if (changed === undefined) throw new Error('A role that was just changed is gone.');
  return changed;
}

export async function rolesOf(sql: Sql, accountId: number): Promise<Role[]> {
  const [found] = await rows<{ roles: Role[] }>(
    sql,
    `select array(select role from account_roles r where r.account_id = a.id order by 1) as roles
     from accounts a where id = $1`,
    [accountId],
  );
  if (found === undefined) throw noUser(accountId);
  return found.roles;
}

/** Sets the roles to what `change` makes of them; what stays as it was is no change. */
export async function changeRoles(
  sql: Sql,
  accountId: number,
  change: (before: readonly Role[]) => readonly Role[],
): Promise<Role[]> {
  const account = await lockAccount(sql, accountId);
  if (account.status === 'erased') throw erased();
  const before = await rolesOf(sql, accountId);
  const after = [...new Set(change(before))].sort();
  if (after.join() === before.join()) return before;
  const version = await changeAccount(sql, accountId, {});
  await rows(sql, 'delete from account_roles where account_id = $1 and role <> all($2::text[])', [
    accountId,
    after,
  ]);
  await rows(
    sql,
    'insert into account_roles (account_id, role) select $1, unnest($2::text[]) on conflict do nothing',
    [accountId, after],
  );
  await publish(sql, [userEvent('user.roles-changed', { id: accountId, version }, { roles: after })]);
  return after;
}
