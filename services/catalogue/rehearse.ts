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

/** At a time: on a machine that is busy, the rest is played later. */
const budgetMs = 3_000;
/** So often does the engine see each function that it compiles it. */
const rounds = 40;

/**
 * Plays every write of the catalogue's URLs through, on stand-ins of its tables. Ownership arrives in one moment together with
 * all writes that were held meanwhile: a service that never wrote would meet them with code that was never run, and
 * connections that never planned a write or loaded a dictionary. The first connection plays many rounds, the others one
 * each. False when the time was not enough.
 */
export async function rehearse(source: DataSource, connections: number, log: Log): Promise<boolean> {
  // The engine forgets code that was not run for a while; this code waits for a switch.
  setFlagsFromString('--no-flush-bytecode');
  const until = performance.now() + budgetMs;
  const played = [await onConnection(source, rounds, until, log)];
  const others = Array.from({ length: connections }, () => onConnection(source, 1, until, log));
  played.push(...(await Promise.all(others)));
  return played.every(Boolean);
}

async function onConnection(source: DataSource, count: number, until: number, log: Log): Promise<boolean> {
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
      for (; played < count && performance.now() < until; played++) await playOnce(app, category?.id, played);
    } finally {
      await app.close();
    }
  });
  return played === count;
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
