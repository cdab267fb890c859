import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { startCluster, type Cluster } from '#stack/clusters.ts';
import { Signer, signSide } from './decide/signer.ts';
import { secret } from './testing/plan.ts';
import { cover } from './testing/sync-worker.ts';
import { startWorld, until, type World } from './testing/world.ts';

let cluster: Cluster;
let world: World;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.stop());
afterEach(() => world.close());

const tokenOf = (subject: string) =>
  `Bearer e.${Buffer.from(JSON.stringify({ sub: subject })).toString('base64url')}.s`;
const ask = async (headers: Record<string, string>, init: RequestInit = {}, proxy = 0) => {
  const response = await fetch(`${world.proxies[proxy]?.url}/items`, { ...init, headers });
  const { side } = (await response.json()) as { side: string };
  const set = response.headers.getSetCookie().map((cookie) => cookie.split(';')[0] ?? '');
  return { side, mark: set.find((cookie) => cookie.startsWith('matapalo_mark=')), set };
};
const write = { method: 'POST', body: 'x' };
const canary = async (canaryPercent: number, proxies = 1, spec = {}) => {
  world = await startWorld(cluster, spec, proxies);
  await world.publish({ phase: 'canary', epoch: 1n, canaryPercent });
};

test('about that share of clients, each always on the same side, whichever proxy it asks', async () => {
  await canary(30, 2);
  let toService = 0;
  for (let i = 0; i < 200; i++) {
    const headers = { authorization: tokenOf(`user-${i}`) };
    const first = (await ask(headers)).side;
    expect((await ask(headers, {}, 1)).side).toBe(first);
    if (first === 'service') toService++;
  }
  expect(toService).toBeGreaterThan(30);
  expect(toService).toBeLessThan(90);
});

test('writes go to the monolith, and the writer reads from it until the service has caught up', async () => {
  await canary(100);
  const headers = { authorization: tokenOf('u') };
  expect((await ask(headers)).side).toBe('service');
  expect((await ask(headers, write)).side).toBe('legacy');
  expect((await ask(headers)).side).toBe('legacy');
  expect((await ask({ authorization: tokenOf('other') })).side).toBe('service');
  await until(async () => {
    await cover(world);
    return (await ask(headers)).side === 'service';
  }, 'the pin to end');
});

test('the mark travels in a signed cookie to another proxy, and to one that was started later', async () => {
  await canary(100, 2);
  const { mark } = await ask({ cookie: 'matapalo_client=cookie-client-1' }, write);
  expect(mark).toBeDefined();
  // Another client key with the same mark: only the cookie can tell.
  const marked = { cookie: `matapalo_client=cookie-client-2; ${mark}` };
  expect((await ask(marked, {}, 1)).side).toBe('legacy');
  const forged = { cookie: `matapalo_client=cookie-client-2; ${mark?.replace('~', '0~')}` };
  expect((await ask(forged, {}, 1)).side).toBe('service');
  await until(async () => {
    await cover(world);
    return (await ask(marked, {}, 1)).side === 'service';
  }, 'the mark to be covered');
});

test('a client that keeps no cookies is pinned at the other proxies too', async () => {
  await canary(100, 2);
  const headers = { authorization: tokenOf('no-cookies') };
  await until(() => world.proxies.every((proxy) => proxy.link.hasPeers), 'the proxies to know each other');
  await ask(headers, write);
  await until(async () => (await ask(headers, {}, 1)).side === 'legacy', 'the pin to arrive');
  expect((await ask({ authorization: tokenOf('another') }, {}, 1)).side).toBe('service');
});

test('a write of no group may have touched any: it pins too', async () => {
  await canary(100);
  const headers = { authorization: tokenOf('u') };
  await fetch(`${world.proxy.url}/checkout`, { ...write, headers });
  expect((await ask(headers)).side).toBe('legacy');
});

test('a client without token or cookie gets a cookie that keeps its side', async () => {
  await canary(50);
  const first = await ask({});
  const cookie = first.set.find((one) => one.startsWith('matapalo_client='));
  expect(cookie).toBeDefined();
  expect(await ask({ cookie: cookie ?? '' })).toEqual({ side: first.side, mark: undefined, set: [] });
});

test('an operator may force a side for reads; a writer never', async () => {
  await canary(0);
  const whole = signSide(new Signer(secret), 'service', Math.floor(Date.now() / 1_000) + 60);
  expect((await ask({ 'matapalo-side': whole })).side).toBe('service');
  expect((await ask({ 'matapalo-side': whole }, write)).side).toBe('legacy');
  expect((await ask({ 'matapalo-side': 'service' })).side).toBe('legacy');
});

test('outside of sync nobody gets a mark', async () => {
  world = await startWorld(cluster);
  expect((await ask({ authorization: tokenOf('u') }, write)).set).toEqual([]);
  await world.publish({ phase: 'migrated', epoch: 2n });
  expect((await ask({ authorization: tokenOf('u') }, write)).set).toEqual([]);
});
