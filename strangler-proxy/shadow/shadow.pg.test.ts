import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { startCluster, type Cluster } from '#stack/clusters.ts';
import { cover } from '../testing/sync-worker.ts';
import { startWorld, until, type World } from '../testing/world.ts';

let cluster: Cluster;
let world: World;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.stop());
afterEach(() => world.close());

const routes = [
  'GET /items',
  'POST /items',
  { route: 'GET /items/:id', shadow: { ignore: ['/at'] } },
  { route: 'GET /counted', writes: true },
  { route: 'POST /query', writes: false },
];
const open = async () => {
  world = await startWorld(cluster, { routes });
  await world.publish({ phase: 'shadow', epoch: 1n });
};
const says =
  (value: () => unknown, status = 200) =>
  (_request: IncomingMessage, response: ServerResponse) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value()));
const counts = async () => {
  const { rows } = await world.db.query<{ class: string; count: string }>(
    'select class, sum(count)::text as count from comparison group by class',
  );
  return Object.fromEntries(rows.map((row) => [row.class, Number(row.count)]));
};
/** Keeps the service caught up while waiting for one comparison of that class. */
const comparison = (found: string, apply = () => undefined as void) =>
  until(async () => {
    await cover(world, 'items', apply);
    return (await counts())[found] === 1;
  }, `a comparison of class ${found}`);
const get = (path = '/items') => fetch(`${world.proxy.url}${path}`).then((response) => response.json());

test('an equal answer counts as equal; the copy is marked and nothing of it reaches the client', async () => {
  await open();
  world.monolith.answer = says(() => ({ at: 1, a: 1 }));
  world.service.answer = says(() => ({ a: 1, at: 2 }));
  expect(await get('/items/1')).toEqual({ at: 1, a: 1 });
  await comparison('equal');
  expect(world.service.seen[0]).toMatchObject({ method: 'GET', url: '/items/1' });
  expect(world.service.seen[0]?.headers['matapalo-shadow']).toBe('1');
  expect(world.monolith.seen[0]?.headers).not.toHaveProperty('matapalo-shadow');
});

test('a read that is asked for with a body is copied with it', async () => {
  await open();
  const echo = (_request: IncomingMessage, response: ServerResponse, body: string) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ body }));
  world.monolith.answer = echo;
  world.service.answer = echo;
  await fetch(`${world.proxy.url}/query`, { method: 'POST', body: '{"ids":[1,2]}' });
  await comparison('equal');
  expect(world.service.seen[0]).toMatchObject({ method: 'POST', url: '/query', body: '{"ids":[1,2]}' });
});

test('a difference that catching up mends is lag', async () => {
  await open();
  let applied = 1;
  world.monolith.answer = says(() => ({ price: 2 }));
  world.service.answer = says(() => ({ price: applied }));
  await get();
  await until(() => world.service.seen.length === 1);
  await comparison('lag', () => (applied = 2));
  expect(await counts()).toEqual({ lag: 1 });
});

test('a difference that a second look does not find is none of the code', async () => {
  await open();
  let asked = 0;
  world.monolith.answer = says(() => ({ hits: ['a'] }));
  // Changed there and back between the questions of the first look.
  world.service.answer = says(() => ({ hits: ++asked <= 2 ? ['b'] : ['a'] }));
  await get();
  await comparison('lag');
  expect(asked).toBe(3);
  expect(await counts()).toEqual({ lag: 1 });
});

test('what the monolith answers differently each time is noise', async () => {
  await open();
  let n = 0;
  world.monolith.answer = says(() => ({ token: ++n, name: 'x' }));
  world.service.answer = says(() => ({ token: `service-${++n}`, name: 'x' }));
  await get();
  await comparison('noise');
});

test('another order is ordering', async () => {
  await open();
  world.monolith.answer = says(() => [1, 2]);
  world.service.answer = says(() => [2, 1]);
  await get();
  await comparison('ordering');
});

test('what stays different is code, with a sample that says where', async () => {
  await open();
  world.monolith.answer = says(() => ({ price: '1.00' }));
  world.service.answer = says(() => ({ price: '1.0' }));
  await get('/items?page=2');
  await comparison('code');
  const { rows } = await world.db.query('select group_name, route, class, detail from comparison_sample');
  expect(rows).toEqual([
    {
      group_name: 'items',
      route: 'GET /items',
      class: 'code',
      detail: {
        method: 'GET',
        target: '/items?page=2',
        at: '/price',
        legacy: '"1.00"',
        service: '"1.0"',
        legacyStatus: 200,
        serviceStatus: 200,
      },
    },
  ]);
});

test('writes, reads that write, failures of the monolith and other phases are never copied', async () => {
  await open();
  await fetch(`${world.proxy.url}/items`, { method: 'POST', body: 'x' });
  await get('/counted');
  await get('/elsewhere');
  const answer = world.monolith.answer;
  world.monolith.answer = says(() => ({}), 500);
  await get();
  world.monolith.answer = answer;
  await world.publish({ phase: 'syncing' });
  await get();
  await world.publish({ phase: 'shadow' });
  // The one that is copied comes last: those before it would have been seen first.
  await get('/items?last');
  await until(() => world.service.seen.length > 0);
  expect(world.service.seen.map((seen) => seen.url)).toEqual(['/items?last']);
});

test('a service that is slow or down costs the client nothing', async () => {
  await open();
  world.service.answer = () => undefined;
  for (let i = 0; i < 50; i++) expect(await get()).toEqual({ side: 'legacy' });
  world.service.server.closeAllConnections();
});

test('copies nothing while held requests are let go', async () => {
  await open();
  await world.publish({ holding: crypto.randomUUID() });
  const held = fetch(`${world.proxy.url}/items`, { method: 'POST', body: 'x' });
  await until(async () => {
    const { rows } = await world.db.query<{ held: number }>('select sum(held)::int as held from proxy');
    return rows[0]?.held === 1;
  });
  let copiedAt = 0;
  world.service.answer = (_request, response) => {
    copiedAt = performance.now();
    response.end('{}');
  };
  const releasedAt = performance.now();
  await world.publish({ holding: null });
  expect((await held).status).toBe(200);
  await get();
  await until(() => copiedAt > 0);
  // A lower bound alone: the rest is half a second, and a busy machine only adds to it.
  expect(copiedAt - releasedAt).toBeGreaterThan(450);
});
