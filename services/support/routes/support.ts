import type { FastifyInstance } from 'fastify';
import { authorizeIfAny, identityIfAny, userIdOf } from '#kernel/auth/authorize.ts';
import { passageOf } from '#kernel/http/passage.ts';
import { preparePublicRoutes } from '#kernel/http/public-routes.ts';
import type { SupportContext } from './context.ts';
import { returnRoutes } from './returns.ts';
import { QuestionBody } from './schemas.ts';
import { ticketRoutes } from './tickets.ts';

/** All of support's public URLs. */
export function supportRoutes(context: SupportContext) {
  return async (scope: FastifyInstance): Promise<void> => {
    const app = preparePublicRoutes(scope);
    ticketRoutes(app, context);
    returnRoutes(app, context);

    const onRequest = authorizeIfAny(context.verify);
    app.post('/support/bot', { onRequest, schema: { body: QuestionBody } }, (request) =>
      context.ask(passageOf(request), request.body.question, userIdOf(identityIfAny(request)?.subject ?? '')),
    );
  };
}
