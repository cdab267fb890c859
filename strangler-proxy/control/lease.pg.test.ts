import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { setTimeout as delay } from 'node:timers/promises';
import { fork, type ChildProcess } from 'node:child_process';
import { writeFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, startCluster, type Cluster } from '#stack/clusters.ts';
import { startWorld, until, type World } from '../testing/world.ts';
import { Lease } from './lease.ts';

let cluster: Cluster;
let world: World;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.stop());
afterEach(() => world.close());

const side = async (url: string, path = '/items', init: RequestInit = {}) =>
  ((await (await fetch(`${url}${path}`, init)).json()) as { side: string }).side;

test('a proxy that was stopped through a switch asks before it answers', async () => {
  world = await startWorld(cluster);
  await world.publish({ phase: 'canary', epoch: 1n });
  const folder = mkdtempSync(join(tmpdir(), 'matapalo-proxy-'));
  const file = join(folder, 'strangler.config.ts');
  writeFileSync(file, `export default ${JSON.stringify(world.plan.config)};\n`);
  const port = await freePort();
  const adminPort = await freePort();
  const child: ChildProcess = fork(new URL('../main.ts', import.meta.url), {
    env: {
      ...process.env,
      MATAPALO_CONFIG: file,
      PORT: String(port),
      ADMIN_PORT: String(adminPort),
      LOG_LEVEL: 'silent',
    },
  });
  const exit = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  const url = `http://127.0.0.1:${port}`;
  try {
    await until(() =>
      fetch(`http://127.0.0.1:${adminPort}/readyz`).then(
        (answer) => answer.ok,
        () => false,
      ),
    );
    expect(await side(url)).toBe('legacy');
    child.kill('SIGSTOP');
    await delay(Lease.durationMs + 200);
    await world.publish({ phase: 'migrated', epoch: 2n });
    const answer = side(url);
    child.kill('SIGCONT');
    expect(await answer).toBe('service');
    child.kill('SIGTERM');
    expect(await exit).toBe(0);
  } finally {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
});

test('without its control database a proxy serves the last table, except what was being moved', async () => {
  const own = await startCluster();
  world = await startWorld(own, { others: { notes: { routes: ['GET /notes'] } } });
  try {
    await world.publish({ phase: 'migrated', epoch: 1n }, 'notes');
    await world.publish({ phase: 'canary', epoch: 1n, holding: randomUUID() });
    await own.kill();
    await until(() => world.proxy.link.lease.hasExpired(), 'the lease to end');
    expect(await side(world.proxy.url, '/notes')).toBe('service');
    expect(await side(world.proxy.url, '/elsewhere')).toBe('legacy');
    const refused = await fetch(`${world.proxy.url}/items`);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
    await own.restart();
    await until(() => !world.proxy.link.lease.hasExpired(), 'the lease to be renewed');
    expect(await side(world.proxy.url)).toBe('legacy');
  } finally {
    await world.db.end().catch(() => undefined);
    await Promise.all(world.proxies.map((proxy) => proxy.close()));
    await own.stop();
    world = await startWorld(cluster);
  }
});

test('a notification that was lost is made up for', async () => {
  world = await startWorld(cluster);
  await world.db.query(`update route_group set phase = 'migrated', epoch = 1 where name = 'items'`);
  await world.db.query('update route_version set version = version + 1');
  await until(() => world.proxy.link.table?.groups.get('items')?.phase === 'migrated', 'the poll');
});

test('a caller that has seen a newer epoch makes the proxy ask; one that made it up gets 503', async () => {
  world = await startWorld(cluster);
  await world.publish({ phase: 'canary', epoch: 1n });
  // Published without a notification: until the poll, only the caller knows.
  await world.db.query(`update route_group set phase = 'migrated', epoch = 2 where name = 'items'`);
  await world.db.query('update route_version set version = version + 1');
  expect(await side(world.proxy.url, '/items', { headers: { 'matapalo-epoch': 'items=2' } })).toBe('service');
  const made = await fetch(`${world.proxy.url}/items`, { headers: { 'matapalo-epoch': 'items=99' } });
  expect(made.status).toBe(503);
  expect(await side(world.proxy.url)).toBe('service');
});

test('the row shows version and lease, and is gone after a clean stop', async () => {
  world = await startWorld(cluster);
  await world.publish({ phase: 'syncing', epoch: 1n });
  const version = world.proxy.link.table?.version;
  await until(async () => {
    const { rows } = await world.db.query<{ version: string; live: boolean }>(
      'select version::text, lease_until > now() as live from proxy where id = $1',
      [world.proxy.id],
    );
    return rows[0]?.live === true && BigInt(rows[0].version) === version;
  }, 'the acknowledgement');
  await world.proxy.close();
  expect((await world.db.query('select from proxy')).rowCount).toBe(0);
});
