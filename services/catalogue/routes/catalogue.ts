import type { FastifyInstance } from 'fastify';
import { Refusal } from '../rules/refusal.ts';
import { categoryRoutes } from './categories.ts';
import type { CatalogueContext } from './context.ts';
import { answerErrors } from './errors.ts';
import { readJsonBody } from './json-body.ts';
import { productRoutes } from './products.ts';
import { reservationRoutes } from './reservations.ts';
import { searchRoutes } from './search.ts';
import { stockRoutes } from './stock.ts';
import { validatorCompiler, type SchemaTypes } from './validate.ts';

/** All of the catalogue's public URLs, with what they share: bodies, validation, request ids and errors. */
export function catalogueRoutes(context: CatalogueContext) {
  return async (scope: FastifyInstance): Promise<void> => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('application/json', { parseAs: 'string' }, readJsonBody);
    scope.setValidatorCompiler(validatorCompiler);
    answerErrors(scope);
    scope.addHook('onRequest', async (request, reply) => {
      void reply.header('x-request-id', request.id);
      const traceId = traceIdOf(request.headers.traceparent);
      if (traceId !== undefined) request.log = request.log.child({ traceId });
      if (request.url.includes('%00')) throw new Refusal('bad-request', 'The URL holds a NUL character.');
    });
    const app = scope.withTypeProvider<SchemaTypes>();
    categoryRoutes(app, context);
    productRoutes(app, context);
    searchRoutes(app, context);
    stockRoutes(app, context);
    reservationRoutes(app, context);
  };
}

/** The trace id of a W3C traceparent, so that the service's log lines can be found by it. */
function traceIdOf(traceparent: string | string[] | undefined): string | undefined {
  if (typeof traceparent !== 'string') return undefined;
  return /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}/.exec(traceparent)?.[1];
}
