import cookie from '@fastify/cookie';
import type { FastifyInstance } from 'fastify';
import { preparePublicRoutes } from '#kernel/http/public-routes.ts';
import { accountRoutes } from './accounts.ts';
import { adminRoutes } from './admin.ts';
import type { UsersContext } from './context.ts';
import { oauthRoutes } from './oauth.ts';
import { recoveryRoutes, sessionRoutes } from './sessions.ts';

/** All of the users' public URLs. */
export function usersRoutes(context: UsersContext) {
  return async (scope: FastifyInstance): Promise<void> => {
    await scope.register(cookie);
    const app = preparePublicRoutes(scope);
    accountRoutes(app, context);
    adminRoutes(app, context);
    sessionRoutes(app, context);
    recoveryRoutes(app, context);
    oauthRoutes(app, context);
  };
}
