import type { FastifyInstance } from 'fastify';
import { createServer } from '#kernel/http/server.ts';
import type { Operator } from './operator.ts';

/** The operator's HTTP server, complete, not yet listening. */
export async function buildApp(op: Operator): Promise<FastifyInstance> {
  return createServer({
    log: op.log,
    registry: op.metrics.registry,
    ready: async () => {
      await op.control.query('select 1');
    },
  });
}
