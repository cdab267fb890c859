import { randomUUID } from 'node:crypto';
import cookie from '@fastify/cookie';
import fastify, {
  LogController,
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
} from 'fastify';
import { isRefusal, notOwner } from '../ownership/refusal.ts';
import { describeFailure } from './failure.ts';
import { problemOf, problemType, ShopError, type ProblemCode } from './problem.ts';
import { readJson } from './read-json.ts';
import { validatorCompiler } from './validation.ts';

const codeByStatus: Record<number, ProblemCode> = {
  404: 'not-found',
  413: 'too-large',
  415: 'unsupported-media-type',
  429: 'too-many-requests',
};

export function createServer(log: FastifyBaseLogger, trustedProxies: string[] = []): FastifyInstance {
  const app = fastify({
    trustProxy: trustedProxies.length > 0 ? trustedProxies : false,
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    requestIdHeader: false,
    genReqId: (request) => plainId(request.headers['x-request-id']) ?? randomUUID(),
    bodyLimit: 256 * 1024,
    requestTimeout: 30_000,
    connectionTimeout: 0,
    keepAliveTimeout: 72_000,
    forceCloseConnections: 'idle',
    // What still arrives on an open connection during a stop is answered; the answer closes the connection.
    return503OnClosing: false,
    routerOptions: { maxParamLength: 200 },
    frameworkErrors: (error, request, reply) => {
      const plain = reply as unknown as FastifyReply;
      void plain.code(400).type(problemType).send(problemOf('bad-request', error.message));
    },
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, readJson);
  app.setValidatorCompiler(validatorCompiler);
  void app.register(cookie);

  app.addHook('onRequest', async (request, reply) => {
    void reply.header('x-request-id', request.id);
    // PostgreSQL's text takes no NUL; nothing that this shop names has one.
    if (/%00/.test(request.url)) throw new ShopError('bad-request', 'The URL holds a NUL character.');
  });

  app.addHook('onSend', async (_request, reply) => {
    // Closing with the rest of a body unread would reset the connection, and the refusal could be lost with it: it is
    // read and dropped, within requestTimeout.
    if (reply.statusCode === 413) void reply.removeHeader('connection');
  });

  app.setErrorHandler((error, request, reply) => {
    const known = shopErrorOf(error);
    const body = problemOf(known.code, known.message);
    if (body.status >= 500) {
      const level = body.status === 500 ? 'error' : 'warn';
      request.log[level]({ err: error, code: known.code, url: request.url }, describeFailure(error));
    }
    return reply.code(body.status).headers(known.headers).type(problemType).send(body);
  });
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0] ?? '';
    const body = problemOf('not-found', `There is no ${request.method} ${path.slice(0, 200)}.`);
    return reply.code(404).type(problemType).send(body);
  });
  return app;
}

/** An unexpected failure keeps its text to the log: a client sees no stack, address or SQL. */
function shopErrorOf(error: unknown): ShopError {
  if (error instanceof ShopError) return error;
  if (isRefusal(error)) return notOwner(error);
  const status =
    typeof error === 'object' && error !== null && 'statusCode' in error ? Number(error.statusCode) : 500;
  if (status >= 400 && status < 500) {
    const detail = error instanceof Error ? error.message : 'It cannot be taken.';
    return new ShopError(codeByStatus[status] ?? 'bad-request', detail, { cause: error });
  }
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  // Connections refused, reset or cut, and a server that starts up, shuts down or has no room (classes 08, 53, 57).
  // The pool's own troubles come without a code.
  const poolAway = /timeout exceeded when trying to connect|Connection terminated/.test(
    describeFailure(error),
  );
  if (poolAway || /^(ECONN|EPIPE|ETIMEDOUT|08|53|57)/.test(code)) {
    return new ShopError('unavailable', 'A needed server is away. Try again.', {
      cause: error,
      headers: { 'retry-after': '1' },
    });
  }
  return new ShopError('internal', 'Something went wrong; the log has the details under this request id.', {
    cause: error,
  });
}

/** An incoming id is kept only when it is short and plain: it ends up in logs and headers. */
function plainId(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' && /^[\w.:-]{1,128}$/.test(value) ? value : undefined;
}
