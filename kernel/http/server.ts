import { randomUUID } from 'node:crypto';
import fastify, { LogController, type FastifyInstance, type FastifyServerOptions } from 'fastify';
import type { Registry } from 'prom-client';
import { errorCodeOf, MatapaloError } from '../errors.ts';
import type { Log } from '../log.ts';
import { problem, problemOf, problemType } from './problem.ts';

export interface ServerOptions {
  log: Log;
  /** Served at `/metrics` when present. */
  registry?: Registry;
  /** Throws, or returns a reason, while the process cannot do its work. */
  ready?: () => Promise<void> | void;
  fastify?: FastifyServerOptions;
}

/** A Fastify server as every process of the tool has it: problem+json errors, `/livez`, `/readyz`, `/metrics`. */
export function createServer(options: ServerOptions): FastifyInstance {
  const app = fastify({
    genReqId: (request) => headerOf(request.headers['x-request-id']) ?? randomUUID(),
    requestIdHeader: false,
    bodyLimit: 1024 * 1024,
    requestTimeout: 60_000,
    forceCloseConnections: 'idle',
    // What still arrives on an open connection during a stop is answered; the answer closes the connection.
    return503OnClosing: false,
    loggerInstance: options.log,
    logController: new LogController({ disableRequestLogging: true }),
    ...options.fastify,
  }) as unknown as FastifyInstance;
  // A keep-alive connection that is busy when the server stops would stay open after its answer, and the process with it.
  let closing = false;
  app.addHook('preClose', async () => {
    closing = true;
  });
  app.addHook('onSend', async (_request, reply) => {
    if (closing) void reply.header('connection', 'close');
    // Closing with the rest of a body unread would reset the connection, and the refusal could be lost with it: it is read
    // and dropped, within requestTimeout.
    else if (reply.statusCode === 413) void reply.removeHeader('connection');
  });
  app.setErrorHandler((error, request, reply) => {
    const body = problemOf(error);
    if (body.status >= 500) request.log.error({ err: error }, 'request failed');
    return reply.code(body.status).type(problemType).send(body);
  });
  app.setNotFoundHandler((request, reply) =>
    reply
      .code(404)
      .type(problemType)
      .send(
        problem(
          404,
          'not-found',
          'There is no such thing here',
          `No route for ${request.method} ${request.url.split('?')[0]}`,
        ),
      ),
  );
  app.get('/livez', async () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    try {
      await options.ready?.();
      return { status: 'ok' };
    } catch (error) {
      const body = problemOf(
        error instanceof MatapaloError
          ? error
          : new MatapaloError('unavailable', 'Not ready.', { cause: error }),
      );
      return reply
        .code(503)
        .type(problemType)
        .send({ ...body, status: 503 });
    }
  });
  const registry = options.registry;
  if (registry) {
    app.get('/metrics', async (_request, reply) =>
      reply.type(registry.contentType).send(await registry.metrics()),
    );
  }
  return app;
}

/** Listens, and says in one sentence what to do when it cannot. */
export async function listen(
  app: FastifyInstance,
  host: string,
  port: number,
  variable = 'PORT',
): Promise<string> {
  try {
    return await app.listen({ host, port });
  } catch (error) {
    if (errorCodeOf(error) === 'EADDRINUSE') {
      throw new MatapaloError('unavailable', `Port ${port} on ${host} is in use.`, {
        hint: `Stop what listens there, or choose another with ${variable}.`,
        cause: error,
      });
    }
    throw error;
  }
}

/** An incoming id is kept only when it is short and plain: it ends up in logs and headers. */
function headerOf(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' && /^[\w.:-]{1,128}$/.test(value) ? value : undefined;
}
