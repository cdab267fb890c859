import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCluster, type Cluster } from '#stack/clusters.ts';
import { createLog } from '#kernel/log.ts';
import { startProxy } from './app.ts';
import { planOf } from './testing/plan.ts';
import { startWorld, until, type World } from './testing/world.ts';

let cluster: Cluster;
let world: World;
beforeAll(async () => {
  cluster = await startCluster();
  world = await startWorld(cluster);
});
afterAll(async () => {
  await world.close();
  await cluster.stop();
});

const metrics = async () => (await fetch(`${world.proxy.adminUrl}/metrics`)).text();

test('requests are counted by group, side, method and class, whatever their URLs', async () => {
  for (let i = 0; i < 5; i++) await (await fetch(`${world.proxy.url}/items/${i}`)).text();
  await (await fetch(`${world.proxy.url}/elsewhere`)).text();
  await until(async () =>
    (await metrics()).includes(
      'group="items",side="legacy",phase="legacy",method="GET",status="2xx",service="proxy"} 5',
    ),
  );
  const text = await metrics();
  expect(text).toContain(
    'matapalo_proxy_request_duration_seconds_count{group="items",side="legacy",service="proxy"} 5',
  );
  expect(text).toContain(
    'matapalo_proxy_request_duration_seconds_bucket{le="+Inf",group="items",side="legacy",service="proxy"} 5',
  );
  expect(text).toContain('group="none",side="legacy"');
  expect(text).not.toContain('/items/');
});

test('a server that fails, and a write that its side refuses, are counted by reason', async () => {
  const usual = world.monolith.answer;
  try {
    world.monolith.answer = (request) => request.socket.destroy();
    expect((await fetch(`${world.proxy.url}/items`, { method: 'POST' })).status).toBe(502);
    let text = await metrics();
    expect(text).toContain('matapalo_proxy_upstream_up{upstream="monolith",service="proxy"} 0');
    expect(text).toContain(
      'matapalo_proxy_upstream_failures_total{upstream="monolith",reason="broken",service="proxy"} 1',
    );
    world.monolith.answer = (_request, response) =>
      response.writeHead(503, { 'matapalo-refused': 'MP001' }).end();
    expect((await fetch(`${world.proxy.url}/items`, { method: 'POST' })).status).toBe(503);
    text = await metrics();
    expect(text).toContain('matapalo_proxy_upstream_up{upstream="monolith",service="proxy"} 1');
    expect(text).toContain(
      'matapalo_proxy_refused_writes_total{group="items",side="legacy",service="proxy"} 1',
    );
  } finally {
    world.monolith.answer = usual;
  }
});

test('ready with a table; alive but not ready without the control database', async () => {
  expect((await fetch(`${world.proxy.adminUrl}/readyz`)).status).toBe(200);
  const alone = await startProxy({ plan: planOf(), log: createLog('proxy', 'silent') });
  try {
    expect((await fetch(`${alone.adminUrl}/livez`)).status).toBe(200);
    expect((await fetch(`${alone.adminUrl}/readyz`)).status).toBe(503);
    const refused = await fetch(`${alone.url}/items`);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
  } finally {
    await alone.close();
  }
});

test('a port in use is said with what to do', async () => {
  const port = Number(new URL(world.proxy.url).port);
  await expect(
    startProxy({ plan: world.plan, log: createLog('proxy', 'silent'), port }),
  ).rejects.toMatchObject({
    code: 'unavailable',
    hint: expect.stringContaining('PORT'),
  });
});

test('the admin paths are not on the clients’ port', async () => {
  expect(await (await fetch(`${world.proxy.url}/metrics`)).json()).toEqual({ side: 'legacy' });
});
