import type { FastifyInstance } from 'fastify';
import type { DataSource } from 'typeorm';
import { ShopError } from './problem.ts';

/** `/livez`: the process runs. `/readyz`: it can do its work, and is not about to stop. */
export function health(app: FastifyInstance, db: DataSource): void {
  let closing = false;
  app.addHook('preClose', async () => {
    closing = true;
  });
  // A connection whose answer comes after the stop began would be kept alive, and the process with it.
  app.addHook('onSend', async (_request, reply) => {
    if (closing) reply.header('connection', 'close');
  });
  app.get('/livez', async () => ({ status: 'ok' }));
  app.get('/readyz', async () => {
    if (closing) throw new ShopError('unavailable', 'It is stopping.');
    try {
      await db.query('select 1');
    } catch (cause) {
      throw new ShopError('unavailable', 'The database is away.', { cause });
    }
    return { status: 'ok' };
  });
}
