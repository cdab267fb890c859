import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { startCluster, type Cluster } from '#stack/clusters.ts';
import { startUpstream, type UpstreamServer } from '../testing/upstream-server.ts';
import { startWorld, until, type World } from '../testing/world.ts';

let cluster: Cluster;
let world: World;
let good: UpstreamServer;
let bad: UpstreamServer;
let usual: UpstreamServer['answer'];
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.stop());
beforeEach(async () => {
  good = await startUpstream('good');
  bad = await startUpstream('bad');
  usual = bad.answer;
  world = await startWorld(cluster, { instances: [good.url, bad.url] }, 1, { probeAfterMs: 50 });
});
afterEach(async () => {
  await world.close();
  await Promise.all([good.close(), bad.close()]);
});

const ask = async (method = 'GET', path = '/items') => {
  const answer = await fetch(world.proxy.url + path, { method });
  await answer.text();
  return answer.status;
};
const of = (server: UpstreamServer, method = 'GET') =>
  server.seen.filter((seen) => seen.method === method && seen.url !== '/readyz').length;
const isOut = async () =>
  (await (await fetch(`${world.proxy.adminUrl}/metrics`)).text()).includes(
    'matapalo_proxy_upstream_instances{upstream="monolith",state="out",service="proxy"} 1',
  );
const storm: UpstreamServer['answer'] = (_request, response) => void response.writeHead(503).end('no');

test('instances take turns', async () => {
  for (let i = 0; i < 10; i++)
    expect(await ask(i % 2 === 0 ? 'GET' : 'POST', i < 5 ? '/items' : '/none')).toBe(200);
  expect([good.seen.length, bad.seen.length]).toEqual([5, 5]);
});

test('reads are answered while one instance says 503; it is taken out, probed, and returned once mended', async () => {
  bad.answer = storm;
  for (let i = 0; i < 30; i++) expect(await ask()).toBe(200);
  expect(of(bad)).toBe(3);
  expect(await isOut()).toBe(true);
  await until(() => bad.seen.filter((seen) => seen.url === '/readyz').length >= 2, 'probes');
  expect(await isOut()).toBe(true);
  expect(of(bad)).toBe(3);
  bad.answer = usual;
  await until(async () => !(await isOut()), 'the return');
  for (let i = 0; i < 4; i++) expect(await ask()).toBe(200);
  expect(of(bad)).toBe(5);
});

test('a write that an instance does not serve is sent once, and its answer told', async () => {
  bad.answer = storm;
  const statuses = [await ask('POST'), await ask('POST')];
  expect(statuses.sort()).toEqual([200, 503]);
  expect(of(good, 'POST') + of(bad, 'POST')).toBe(2);
});

test('a refusal of the guard takes no instance out', async () => {
  bad.answer = (_request, response) => void response.writeHead(503, { 'matapalo-refused': 'MP001' }).end();
  for (let i = 0; i < 12; i++) await ask('POST');
  expect(of(bad, 'POST')).toBe(6);
  expect(await isOut()).toBe(false);
});

test('an instance that is down costs at most one write its answer, and no read', async () => {
  await bad.close();
  const writes = [];
  for (let i = 0; i < 6; i++) writes.push(await ask('POST'));
  expect(writes.filter((status) => status !== 200).length).toBeLessThanOrEqual(1);
  for (let i = 0; i < 6; i++) expect(await ask()).toBe(200);
  expect(of(good, 'POST')).toBe(writes.filter((status) => status === 200).length);
});

test('when all fail, all are still used, retries stay within the budget, and the first good answer is passed on', async () => {
  good.answer = storm;
  bad.answer = storm;
  const requests = 100;
  for (let i = 0; i < requests; i++) expect(await ask()).toBe(503);
  expect(of(good) + of(bad)).toBeLessThanOrEqual(requests + 10 + requests / 10);
  good.answer = usual;
  bad.answer = usual;
  expect(await ask()).toBe(200);
});
