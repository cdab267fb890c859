import type { FastifyInstance } from 'fastify';
import type { DataSource } from 'typeorm';
import { callerOf, userOf } from '../auth/authorise.ts';
import { bind } from '../http/bind.ts';
import type { Role } from '../http/document.ts';
import { readIdCursor, writeIdCursor } from '../http/id-cursor.ts';
import { ShopError } from '../http/problem.ts';
import type { SendMail } from '../mail/send-mail.ts';
import { changePassword, listUsers, presentUser, register, setStatus, updateProfile } from './accounts.ts';
import { eraseUser } from './erase.ts';
import { mailVerification } from './recovery.ts';
import { changeRoles, listPermissions, listRoles, rolesOf, setPermissions } from './roles.ts';
import { mayErase, maySeeUser } from './rules.ts';

interface OneRole {
  Params: { id: number; role: Role };
}

interface ById {
  Params: { id: number };
}

export function accountRoutes(app: FastifyInstance, db: DataSource, sendMail: SendMail): void {
  const sql = db.manager;

  bind<{ Querystring: { email?: string; limit: number; cursor?: string } }>(
    app,
    'listUsers',
    async ({ query }) => {
      const { cursor, ...filter } = query;
      const { items, more } = await listUsers(sql, {
        ...filter,
        afterId: cursor === undefined ? 0 : readIdCursor(cursor),
      });
      const last = items.at(-1);
      return { items, nextCursor: more && last !== undefined ? writeIdCursor(last.id) : null };
    },
  );

  bind<{ Body: { email: string; name: string; password: string } }>(
    app,
    'register',
    async (request, reply) => {
      const { user, link } = await register(db, request.body);
      await mailVerification(sendMail, user, link);
      return reply.code(201).header('location', `/users/${user.id}`).send(user);
    },
  );

  bind(app, 'getProfile', (request) => presentUser(sql, userOf(request)));
  bind<{ Body: { name?: string; email?: string } }>(app, 'updateProfile', async (request) => {
    const { user, link } = await updateProfile(db, userOf(request), request.body);
    if (link !== undefined) await mailVerification(sendMail, user, link);
    return user;
  });
  bind<{ Body: { currentPassword: string; newPassword: string } }>(
    app,
    'changePassword',
    async (request, reply) => {
      await changePassword(db, userOf(request), request.body);
      return reply.code(204).send();
    },
  );

  bind<ById>(app, 'getUser', async (request) => {
    const { id } = request.params;
    if (!maySeeUser(callerOf(request), id))
      throw new ShopError('forbidden', "Another's account is not yours to see.");
    return presentUser(sql, id);
  });
  bind<ById>(app, 'eraseUser', async (request, reply) => {
    const { id } = request.params;
    if (!mayErase(callerOf(request), id))
      throw new ShopError('forbidden', "Another's account is not yours to erase.");
    await eraseUser(db, id);
    return reply.code(204).send();
  });
  bind<ById & { Body: { status: 'active' | 'blocked' } }>(app, 'setUserStatus', ({ params, body }) =>
    setStatus(db, params.id, body.status),
  );
  bind<ById>(app, 'getUserRoles', async ({ params }) => ({ roles: await rolesOf(sql, params.id) }));
  bind<ById & { Body: { roles: Role[] } }>(app, 'setUserRoles', async ({ params, body }) => ({
    roles: await changeRoles(db, params.id, () => body.roles),
  }));
  bind<OneRole>(app, 'grantRole', async ({ params: { id, role } }) => ({
    roles: await changeRoles(db, id, (before) => [...before, role]),
  }));
  bind<OneRole>(app, 'revokeRole', async ({ params: { id, role } }) => ({
    roles: await changeRoles(db, id, (before) => before.filter((each) => each !== role)),
  }));
  bind(app, 'listRoles', async () => ({ items: await listRoles(sql) }));
  bind(app, 'listPermissions', async () => ({ items: await listPermissions(sql) }));
  bind<{ Params: { role: Role }; Body: { permissions: string[] } }>(
    app,
    'setRolePermissions',
    ({ params, body }) => setPermissions(db, params.role, body.permissions),
  );
}
