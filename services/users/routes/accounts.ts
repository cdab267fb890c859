import { authorize } from '#kernel/auth/authorize.ts';
import { changePassword, changeProfile, eraseUser, register } from '../account.ts';
import { mailVerification } from '../recovery.ts';
import { mayErase, maySee } from '../rules/access.ts';
import { readIdCursor, writeIdCursor } from '#kernel/http/id-cursor.ts';
import { refuse } from '../rules/refusal.ts';
import { listUsers, viewUser } from '../store/accounts.ts';
import { callerOf, userOf, type UsersApp, type UsersContext } from './context.ts';
import { defaultLimit, PasswordBody, ProfileBody, RegisterBody, UserId, UserQuery } from './schemas.ts';

/** Accounts, as their owners and the staff see them. */
export function accountRoutes(app: UsersApp, { source, write, tokens, sendMail }: UsersContext): void {
  const onRequest = authorize(tokens.verify);
  const sql = source.manager;

  app.get(
    '/users',
    { onRequest: authorize(tokens.verify, ['admin', 'agent']), schema: { querystring: UserQuery } },
    async ({ query }) => {
      const { email, limit = defaultLimit, cursor } = query;
      const afterId = cursor === undefined ? 0 : readIdCursor(cursor);
      const { items, more } = await listUsers(sql, { email, limit, afterId });
      const last = items.at(-1);
      return { items, nextCursor: more && last !== undefined ? writeIdCursor(last.id) : null };
    },
  );

  app.post('/users', { schema: { body: RegisterBody } }, async (request, reply) => {
    const { user, link } = await register(write, request.body);
    if (link !== undefined) await mailVerification(sendMail, user, link);
    return reply.code(201).header('location', `/users/${user.id}`).send(user);
  });

  app.get('/users/me', { onRequest }, (request) => viewUser(sql, userOf(request)));

  app.patch('/users/me', { onRequest, schema: { body: ProfileBody } }, async (request) => {
    const { user, link } = await changeProfile(write, userOf(request), request.body);
    if (link !== undefined) await mailVerification(sendMail, user, link);
    return user;
  });

  app.post('/users/me/password', { onRequest, schema: { body: PasswordBody } }, async (request, reply) => {
    await changePassword(source, write, userOf(request), request.body);
    return reply.code(204).send();
  });

  app.get('/users/:id', { onRequest, schema: { params: UserId } }, async (request) => {
    const { id } = request.params;
    if (!maySee(callerOf(request), id)) throw refuse('forbidden', "Another's account is not yours to see.");
    return viewUser(sql, id);
  });

  app.delete('/users/:id', { onRequest, schema: { params: UserId } }, async (request, reply) => {
    const { id } = request.params;
    if (!mayErase(callerOf(request), id))
      throw refuse('forbidden', "Another's account is not yours to erase.");
    await eraseUser(write, id);
    return reply.code(204).send();
  });
}
