import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { DataSource } from 'typeorm';
import type { Verify } from '#kernel/auth/verify.ts';
import { Refusal } from '../rules/refusal.ts';
import type { Write } from '../store/unit-of-work.ts';
import { categoryRoutes } from './categories.ts';
import { answerErrors } from './errors.ts';
import { readJsonBody } from './json-body.ts';
import { productRoutes } from './products.ts';
import { reservationRoutes } from './reservations.ts';
import { searchRoutes } from './search.ts';
import { stockRoutes } from './stock.ts';
import { validatorCompiler, type SchemaTypes } from './validate.ts';

export interface CatalogueContext {
  source: DataSource;
  write: Write;
  verify: Verify;
}

export type CatalogueApp = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  SchemaTypes
>;

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
