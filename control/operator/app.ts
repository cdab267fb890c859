import type { FastifyInstance } from 'fastify';
import { createServer } from '#kernel/http/server.ts';
import { changeRoutes } from './api/change-routes.ts';
import { serveConsole } from './api/console.ts';
import { openApiOf } from './api/openapi.ts';
import { readRoutes } from './api/read-routes.ts';
import { registerRoutes } from './api/register.ts';
import { Observer } from './observe/observer.ts';
import type { Operator } from './operator.ts';

export const apiRoutes = [...readRoutes, ...changeRoutes];

/** The operator's HTTP server, complete, not yet listening. */
export async function buildApp(op: Operator): Promise<FastifyInstance> {
  const app = createServer({
    log: op.log,
    registry: op.metrics.registry,
    ready: async () => {
      await op.control.query('select 1');
    },
    // Query values arrive as text and are made booleans and numbers by the schema; unknown ones are refused, not dropped.
    fastify: { ajv: { customOptions: { removeAdditional: false, coerceTypes: true } } },
  });
  const observer = new Observer(op);
  app.addHook('onRequest', async (request, reply) => {
    void reply.header('x-content-type-options', 'nosniff').header('cache-control', 'no-store');
    // Gauges are read from the database when somebody looks.
    if (request.url.startsWith('/metrics')) await observer.look();
  });
  const document = openApiOf(apiRoutes);
  app.get('/openapi.json', async () => document);
  registerRoutes(app, op, apiRoutes);
  await serveConsole(app);
  return app;
}
