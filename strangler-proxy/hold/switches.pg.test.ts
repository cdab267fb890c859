import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Side } from '#plan/phase.ts';
import { startCluster, type Cluster } from '#stack/clusters.ts';
import { startWorld, until, type World } from '../testing/world.ts';

let cluster: Cluster;
let world: World;
beforeAll(async () => {
  cluster = await startCluster();
  world = await startWorld(
    cluster,
    {
      routes: ['POST /items/:id'],
      writers: ['orders'],
      others: { orders: { routes: ['POST /orders/:id'] } },
    },
    2,
  );
});
afterAll(async () => {
  await world.close();
  await cluster.stop();
});

/**
 * The law that a switch rests on: once every proxy has reported its drain, no write of the group is on its way to the old side,
 * and none reaches either side until the routes are published. Moves back and forth under load, with orders that call items.
 */
test('between drain and publication nothing writes, and each write arrives once, at its owner', async () => {
  let owner: Side | 'nobody' = 'legacy';
  const misplaced: string[] = [];
  const arrived = new Map<string, number>();
  let turn = 0;
  const anyProxy = () => world.proxies[turn++ % 2]?.url ?? '';
  const side =
    (name: Side) =>
    (request: IncomingMessage, response: ServerResponse): void => {
      const url = request.url ?? '';
      arrived.set(url, (arrived.get(url) ?? 0) + 1);
      const isItem = url.startsWith('/items');
      if (isItem && owner !== name) misplaced.push(`${url} at ${name} while ${owner} owns`);
      const work = async () => {
        await delay(Math.random() * 5);
        if (isItem) return 200;
        // An order takes an item, through whichever proxy.
        const parent = request.headers['matapalo-parent'];
        const inner = await fetch(`${anyProxy()}/items/of-${url.slice(8)}`, {
          method: 'POST',
          headers: typeof parent === 'string' ? { 'matapalo-parent': parent } : {},
        });
        return inner.status;
      };
      work().then(
        (status) => response.writeHead(status).end(),
        () => response.writeHead(500).end(),
      );
    };
  world.monolith.answer = side('legacy');
  world.service.answer = side('service');

  let running = true;
  const statuses: number[] = [];
  const acknowledged: string[] = [];
  const client = async (name: number) => {
    for (let i = 0; running; i++) {
      const path = i % 4 === 0 ? `/orders/${name}-${i}` : `/items/${name}-${i}`;
      const response = await fetch(`${anyProxy()}${path}`, { method: 'POST', body: 'x' });
      statuses.push(response.status);
      if (response.status === 200) acknowledged.push(path);
    }
  };
  const clients = Array.from({ length: 12 }, (_, name) => client(name));

  await world.publish({ phase: 'shadow', epoch: 1n });
  for (let round = 0; round < 12; round++) {
    const to: Side = round % 2 === 0 ? 'service' : 'legacy';
    const holding = randomUUID();
    await world.publish({ holding });
    await until(async () => {
      const { rows } = await world.db.query('select from proxy where drained ? $1', [holding]);
      return rows.length === 2;
    }, 'both proxies to drain');
    owner = 'nobody';
    await delay(Math.random() * 20);
    owner = to;
    await world.publish({
      phase: to === 'service' ? 'migrated' : 'shadow',
      epoch: BigInt(round + 2),
      holding: null,
    });
    await delay(20 + Math.random() * 50);
  }
  running = false;
  await Promise.all(clients);

  expect(misplaced).toEqual([]);
  expect(new Set(statuses)).toEqual(new Set([200]));
  expect(acknowledged.length).toBeGreaterThan(100);
  for (const path of acknowledged) expect([path, arrived.get(path)]).toEqual([path, 1]);
  expect(world.service.seen.length).toBeGreaterThan(0);
  expect([...arrived.values()].every((count) => count === 1)).toBe(true);
});
