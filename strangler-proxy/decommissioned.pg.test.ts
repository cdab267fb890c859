import { afterAll, beforeAll, expect, test } from 'vitest';
import { publishDecommissioned } from '#plan/store/groups.ts';
import { startCluster, type Cluster } from '#stack/clusters.ts';
import { sendRaw, statusesOf } from './testing/raw.ts';
import { startWorld, until, type World } from './testing/world.ts';

let cluster: Cluster;
let world: World;
beforeAll(async () => {
  cluster = await startCluster();
  world = await startWorld(cluster, { others: { late: { routes: ['GET /late', 'POST /late'] } } }, 2);
});
afterAll(async () => {
  await world.close();
  await cluster.stop();
});

const upgrade =
  'GET /socket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';

test('once decommissioned, every proxy answers 410 for what the monolith served, and sends nothing there', async () => {
  await world.publish({ phase: 'retired', epoch: 1n });
  expect((await fetch(`${world.proxy.url}/of/no/group`)).status).toBe(200);
  await publishDecommissioned(world.db, 'somebody');
  await until(() => world.proxies.every((proxy) => proxy.link.table?.decommissioned === true));
  world.monolith.seen.length = 0;
  for (const { url } of world.proxies) {
    for (const [method, path] of [
      ['GET', '/of/no/group'],
      ['POST', '/of/no/group'],
      // A group that never left the monolith.
      ['GET', '/late'],
      ['POST', '/late'],
    ] as const) {
      const answer = await fetch(url + path, { method });
      expect(answer.status).toBe(410);
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
      expect(await answer.json()).toMatchObject({ code: 'gone', status: 410 });
    }
    expect(statusesOf(await sendRaw(url, upgrade))).toEqual([410]);
    expect(await (await fetch(`${url}/items`)).json()).toEqual({ side: 'service' });
    expect((await fetch(`${url}/items`, { method: 'POST', body: '{}' })).status).toBe(200);
  }
  expect(world.monolith.seen).toEqual([]);
});

test('saying it again publishes nothing new', async () => {
  const before = world.proxy.link.table?.version;
  await publishDecommissioned(world.db, 'somebody else');
  const { rows } = await world.db.query<{ version: string }>('select version::text from route_version');
  expect(rows[0]?.version).toBe(before?.toString());
});
