import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyReply,
  FastifyServerOptions,
  RawServerDefault,
} from 'fastify';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { answerErrors } from './answer-errors.ts';
import { readJsonBody } from './json-body.ts';
import { problem, problemType } from './problem.ts';
import { refuse } from './refusal.ts';
import { validatorCompiler, type SchemaTypes } from './validate.ts';

/** A Fastify instance whose handlers see the types of their schemas. */
export type PublicApp = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  SchemaTypes
>;

/** What a server of public URLs bounds, and how it answers a URL that cannot be decoded: before any route is chosen. */
export const publicServer: FastifyServerOptions = {
  bodyLimit: 256 * 1024,
  routerOptions: { maxParamLength: 200 },
  requestTimeout: 30_000,
  keepAliveTimeout: 72_000,
  frameworkErrors: (error, _request, reply) => {
    const body = problem(400, 'bad-request', 'The request cannot be understood', error.message);
    void (reply as FastifyReply).code(400).type(problemType).send(body);
  },
};

/** What a service's public URLs share: bodies, validation, request ids, trace ids and errors. */
export function preparePublicRoutes(scope: FastifyInstance): PublicApp {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('application/json', { parseAs: 'string' }, readJsonBody);
  scope.setValidatorCompiler(validatorCompiler);
  answerErrors(scope);
  scope.addHook('onRequest', async (request, reply) => {
    void reply.header('x-request-id', request.id);
    const traceId = traceIdOf(request.headers.traceparent);
    if (traceId !== undefined) request.log = request.log.child({ traceId });
    if (request.url.includes('%00')) throw refuse('bad-request', 'The URL holds a NUL character.');
  });
  return scope.withTypeProvider<SchemaTypes>();
}

/** The trace id of a W3C traceparent, so that the service's log lines can be found by it. */
function traceIdOf(traceparent: string | string[] | undefined): string | undefined {
  if (typeof traceparent !== 'string') return undefined;
  return /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}/.exec(traceparent)?.[1];
}
