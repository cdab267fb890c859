import { authorize } from '#kernel/auth/authorize.ts';
import { setStatus } from '../account.ts';
import { changeRoles, listPermissions, listRoles, rolesOf, setPermissions } from '../store/roles.ts';
import type { UsersApp, UsersContext } from './context.ts';
import { PermissionsBody, RoleName, RolesBody, StatusBody, UserId, UserRole } from './schemas.ts';

/** What admins do: block accounts, grant and revoke roles, set what roles permit. */
export function adminRoutes(app: UsersApp, { source, write, tokens }: UsersContext): void {
  const onRequest = authorize(tokens.verify, ['admin']);
  const sql = source.manager;

  app.put(
    '/users/:id/status',
    { onRequest, schema: { params: UserId, body: StatusBody } },
    ({ params, body }) => setStatus(write, params.id, body.status),
  );

  app.get('/users/:id/roles', { onRequest, schema: { params: UserId } }, async ({ params }) => ({
    roles: await rolesOf(sql, params.id),
  }));
  app.put(
    '/users/:id/roles',
    { onRequest, schema: { params: UserId, body: RolesBody } },
    async ({ params, body }) => ({
      roles: await write((tx) => changeRoles(tx, params.id, () => body.roles)),
    }),
  );
  app.put('/users/:id/roles/:role', { onRequest, schema: { params: UserRole } }, async ({ params }) => ({
    roles: await write((tx) => changeRoles(tx, params.id, (before) => [...before, params.role])),
  }));
  app.delete('/users/:id/roles/:role', { onRequest, schema: { params: UserRole } }, async ({ params }) => ({
    roles: await write((tx) =>
      changeRoles(tx, params.id, (before) => before.filter((role) => role !== params.role)),
    ),
  }));

  app.get('/roles', { onRequest }, async () => ({ items: await listRoles(sql) }));
  app.put(
    '/roles/:role/permissions',
    { onRequest, schema: { params: RoleName, body: PermissionsBody } },
    ({ params, body }) => write((tx) => setPermissions(tx, params.role, body.permissions)),
  );
  app.get('/permissions', { onRequest }, async () => ({ items: await listPermissions(sql) }));
}
