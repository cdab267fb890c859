import { randomUUID } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { startCluster, type Cluster } from '#stack/clusters.ts';
import type { PlanSpec } from '../testing/plan.ts';
import { startWorld, until, type World } from '../testing/world.ts';

let cluster: Cluster;
let world: World;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.stop());
afterEach(() => world.close());

const open = async (spec: PlanSpec = {}, proxies = 1) => {
  world = await startWorld(cluster, spec, proxies);
  await world.publish({ phase: 'canary', epoch: 1n });
};
const post = (path: string, headers: Record<string, string> = {}, proxy = 0) =>
  fetch(`${world.proxies[proxy]?.url}${path}`, { method: 'POST', body: '{"a":1}', headers });
const held = () => metric('matapalo_proxy_held_requests');
const givenUp = (reason: string) =>
  `matapalo_proxy_held_refused_total\\{group="items",reason="${reason}",service="proxy"\\}`;
const metric = async (name: string, proxy = 0) => {
  const text = await (await fetch(`${world.proxies[proxy]?.adminUrl}/metrics`)).text();
  return Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(text)?.[1]);
};
const drained = async (transition: string) => {
  const { rows } = await world.db.query<{ drained: boolean }>(
    'select drained ? $1 as drained from proxy where lease_until > now()',
    [transition],
  );
  return rows.length > 0 && rows.every((row) => row.drained);
};
/** The monolith answers only when told to. */
const slowMonolith = () => {
  const waiting: (() => void)[] = [];
  const answer = world.monolith.answer;
  world.monolith.answer = (...args) => waiting.push(() => answer(...args));
  return { waiting, release: () => waiting.splice(0).forEach((go) => go()) };
};

test('a held write waits unread and goes to the new owner once, with its body', async () => {
  await open();
  const holding = randomUUID();
  await world.publish({ holding });
  const answers = Array.from({ length: 5 }, () => post('/items'));
  await until(async () => (await held()) === 5, 'five held');
  expect(world.monolith.seen).toHaveLength(0);
  await until(() => drained(holding), 'the drain');
  await world.publish({ phase: 'migrated', epoch: 2n, holding: null });
  for (const answer of await Promise.all(answers)) {
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({ side: 'service' });
  }
  expect(world.service.seen.map((seen) => seen.body)).toEqual(Array(5).fill('{"a":1}'));
  expect(world.service.seen[0]?.headers['matapalo-epoch']).toBe('items=2');
  expect(await held()).toBe(0);
});

test('an undone hold releases to the monolith', async () => {
  await open();
  await world.publish({ holding: randomUUID() });
  const answer = post('/items');
  await until(async () => (await held()) === 1);
  await world.publish({ holding: null });
  expect(await (await answer).json()).toEqual({ side: 'legacy' });
});

test('reads of the group and writes of other groups do not wait', async () => {
  await open({ others: { notes: { routes: ['POST /notes'] } } });
  await world.publish({ holding: randomUUID() });
  expect((await fetch(`${world.proxy.url}/items`)).status).toBe(200);
  expect((await post('/notes')).status).toBe(200);
  expect((await post('/elsewhere')).status).toBe(200);
});

test('writes of a group that writes the held one wait too', async () => {
  await open({ writers: ['orders'], others: { orders: { routes: ['POST /orders'] } } });
  await world.publish({ holding: randomUUID() });
  const answer = post('/orders');
  await until(async () => (await held()) === 1);
  await world.publish({ phase: 'migrated', holding: null });
  expect(await (await answer).json()).toEqual({ side: 'legacy' });
});

test('the drain is reported by every proxy, and only when the older writes have their answers', async () => {
  await open({}, 2);
  const monolith = slowMonolith();
  const older = post('/items', {}, 1);
  await until(() => monolith.waiting.length === 1);
  const holding = randomUUID();
  await world.publish({ holding });
  await until(async () => {
    const { rows } = await world.db.query('select from proxy where drained ? $1', [holding]);
    return rows.length === 1;
  }, 'the idle proxy to drain');
  expect(await drained(holding)).toBe(false);
  monolith.release();
  expect((await older).status).toBe(200);
  await until(() => drained(holding), 'both to drain');
});

test.each([0, 1])('a call made for a write that is drained passes, through proxy %i', async (via) => {
  await open({ writers: ['orders'], others: { orders: { routes: ['POST /orders'] } } }, 2);
  const monolith = slowMonolith();
  const outer = post('/orders');
  await until(() => monolith.waiting.length === 1);
  const parent = world.monolith.seen[0]?.headers['matapalo-parent'];
  expect(parent).toMatch(/~/);
  const holding = randomUUID();
  await world.publish({ holding });
  const inner = post('/items', { 'matapalo-parent': String(parent) }, via);
  await until(() => monolith.waiting.length === 2, 'the inner call to reach the monolith');
  expect(world.monolith.seen[1]?.headers['matapalo-parent']).toBe(parent);
  expect(await drained(holding)).toBe(false);
  monolith.release();
  expect((await inner).status).toBe(200);
  expect((await outer).status).toBe(200);
  await until(() => drained(holding), 'the drain');
  // Its parent has ended: the same id opens nothing any more.
  const replay = post('/items', { 'matapalo-parent': String(parent) }, via);
  await until(async () => (await metric('matapalo_proxy_held_requests', via)) === 1, 'the replay to be held');
  await world.publish({ phase: 'migrated', holding: null });
  expect(await (await replay).json()).toEqual({ side: 'service' });
});

test('a forged parent is held and removed', async () => {
  await open();
  await world.publish({ holding: randomUUID() });
  const answer = post('/items', { 'matapalo-parent': `${world.proxy.id}.1.items~forged` });
  await until(async () => (await held()) === 1);
  await world.publish({ holding: null });
  expect((await answer).status).toBe(200);
  expect(world.monolith.seen[0]?.headers['matapalo-parent']).not.toContain('forged');
});

test('beyond the bound a write gets 503 problem+json with Retry-After', async () => {
  await open({ limits: { maxHeld: 2 } });
  await world.publish({ holding: randomUUID() });
  const waiting = [post('/items'), post('/items')];
  await until(async () => (await held()) === 2);
  const refused = await post('/items');
  expect(refused.status).toBe(503);
  expect(refused.headers.get('retry-after')).toBe('1');
  expect(refused.headers.get('content-type')).toContain('application/problem+json');
  expect(await refused.json()).toMatchObject({ code: 'held' });
  expect(await metric(givenUp('too-many'))).toBe(1);
  await world.publish({ holding: null });
  await Promise.all(waiting);
});

test('held for too long, a write gets 503 and was not sent', async () => {
  await open({ limits: { maxHoldMs: 50 } });
  await world.publish({ holding: randomUUID() });
  const refused = await post('/items');
  expect(refused.status).toBe(503);
  expect(world.monolith.seen).toHaveLength(0);
  expect(await held()).toBe(0);
  expect(await metric(givenUp('too-long'))).toBe(1);
});

test('a client that leaves while held frees its place and nothing is sent', async () => {
  await open();
  await world.publish({ holding: randomUUID() });
  const client = httpRequest(`${world.proxy.url}/items`, { method: 'POST' });
  client.on('error', () => undefined);
  client.end('x');
  await until(async () => (await held()) === 1);
  client.destroy();
  await until(async () => (await held()) === 0, 'the place to be free');
  await world.publish({ holding: null });
  expect(world.monolith.seen).toHaveLength(0);
});
