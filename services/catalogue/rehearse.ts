import { randomUUID } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import type { FastifyInstance } from 'fastify';
import type { DataSource } from 'typeorm';
import type { Identity } from '#kernel/auth/verify.ts';
import { createServer } from '#kernel/http/server.ts';
import type { Log } from '#kernel/log.ts';
import { catalogueRoutes } from './routes/catalogue.ts';
import { poolOf } from '#kernel/db/service-database.ts';
import { rows } from '#kernel/db/statements.ts';
import { onStandIns } from './store/stand-ins.ts';

const nobody: Identity = { subject: '0', roles: ['manager'], scopes: [], claims: {} };

/** So often does the engine see each function that it compiles it, and compiles it well. */
const enough = 200;

export interface Rehearsal {
  /** Plays on for about that long, once on each connection first; true when nothing is left to play. Never throws. */
  play(budgetMs: number): Promise<boolean>;
}

/**
 * Plays every write of the catalogue's URLs through, on stand-ins of its tables: once on each connection, then often on one.
 * Ownership arrives in one moment together with all writes that were held meanwhile: a service that never wrote would meet
 * them with code that was never run, and connections that never planned a write or loaded a dictionary.
 */
export function createRehearsal(source: DataSource, connections: number, log: Log): Rehearsal {
  // The engine forgets code that was not run for a while; this code waits for a switch.
  setFlagsFromString('--no-flush-bytecode');
  let isEverywhere = false;
  let left = enough;
  return {
    async play(budgetMs) {
      const until = performance.now() + budgetMs;
      try {
        if (!isEverywhere) {
          await Promise.all(Array.from({ length: connections }, () => onConnection(source, 1, until, log)));
          isEverywhere = true;
        } else if (left > 0) {
          left -= await onConnection(source, left, until, log);
        }
      } catch (error) {
        // A cold service works as well, only slower at first.
        log.warn({ err: error }, 'the writes are not rehearsed');
        isEverywhere = true;
        left = 0;
      }
      return isEverywhere && left === 0;
    },
  };
}

/** Plays up to `count` rounds on one connection, at least one; tells how many. */
async function onConnection(source: DataSource, count: number, until: number, log: Log): Promise<number> {
  let played = 0;
  await onStandIns(poolOf(source), async (sql) => {
    const app = createServer({ log });
    const verify = async () => nobody;
    await app.register(catalogueRoutes({ source, write: (work) => work(sql), verify }));
    try {
      const [category] = await rows<{ id: number }>(
        sql,
        `insert into categories (name, slug) values ('Rehearsal', 'rehearsal') returning id`,
      );
      do await playOnce(app, category?.id, played++);
      while (played < count && performance.now() < until);
    } finally {
      await app.close();
    }
  });
  return played;
}

async function playOnce(app: FastifyInstance, categoryId: number | undefined, round: number): Promise<void> {
  const ask = async (
    method: 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    url: string,
    payload?: object,
  ): Promise<{ id: number } | undefined> => {
    const answer = await app.inject({ method, url, ...(payload ? { payload } : {}) });
    if (answer.statusCode >= 300)
      throw new Error(`The rehearsal of ${method} ${url} was answered ${answer.statusCode}: ${answer.body}`);
    return answer.body === '' ? undefined : answer.json<{ id: number }>();
  };
  const created = await ask('POST', '/products', {
    sku: `R-${round}`,
    name: `Rehearsal ${round}`,
    description: 'Nobody will ever see this sturdy thing.',
    categoryId,
    price: { amount: '9.90' },
    onHand: 20,
  });
  const product = `/products/${created?.id}`;
  await ask('PATCH', product, {
    name: `Rehearsed ${round}`,
    description: 'Seen.',
    price: { amount: '8.50' },
  });
  await ask('PATCH', product, { description: `Seen ${round} times.` });
  await ask('PUT', `${product}/price`, { amount: '7.25' });
  await ask('POST', `${product}/stock-adjustments`, {
    adjustmentId: randomUUID(),
    delta: 5,
    reason: 'count',
  });
  for (const move of ['commit', 'release']) {
    const reservation = `/reservations/${randomUUID()}`;
    await ask('PUT', reservation, { lines: [{ productId: created?.id, quantity: 2 }], ttlSeconds: 7200 });
    await ask('POST', `${reservation}/${move}`);
  }
  await ask('DELETE', product);
  await ask('PATCH', product, { status: 'active' });
}
