import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { createLog } from '#kernel/log.ts';
import { migrateControl } from '#plan/store/migrate-control.ts';
import { publishGroup, type GroupChange } from '#plan/store/groups.ts';
import type { Plan } from '#plan/compile.ts';
import { startProxy, type Proxy, type ProxyOptions } from '../app.ts';
import { planOf, type PlanSpec } from './plan.ts';
import { startUpstream, type UpstreamServer } from './upstream-server.ts';

/** What a world needs of a PostgreSQL cluster; the tests start it. */
export interface DatabaseMaker {
  createDatabase(name: string): Promise<string>;
}

/** Proxies on a real control database, between real servers. */
export interface World {
  plan: Plan;
  monolith: UpstreamServer;
  service: UpstreamServer;
  db: pg.Pool;
  proxies: Proxy[];
  proxy: Proxy;
  /** Publishes and waits until every proxy has adopted it. */
  publish(change: GroupChange, group?: string): Promise<void>;
  close(): Promise<void>;
}

let databases = 0;

/** `cluster` is shared by the tests of a file; each world has a database of its own in it. */
export async function startWorld(
  cluster: DatabaseMaker,
  spec: PlanSpec = {},
  proxyCount = 1,
  options: Partial<ProxyOptions> = {},
): Promise<World> {
  const control = await cluster.createDatabase(`control_${process.pid}_${++databases}`);
  const monolith = await startUpstream('legacy');
  const service = await startUpstream('service');
  const plan = planOf({ control, monolith: monolith.url, service: service.url, ...spec });
  await migrateControl(plan);
  const db = new pg.Pool({ connectionString: control, max: 4 });
  db.on('error', () => undefined);
  const log = createLog('proxy', process.env['LOG_LEVEL'] ?? 'silent');
  const proxies: Proxy[] = [];
  for (let i = 0; i < proxyCount; i++) proxies.push(await startProxy({ plan, log, ...options }));
  await until(() =>
    proxies.every((proxy) => proxy.link.table !== undefined && !proxy.link.lease.hasExpired()),
  );
  const world: World = {
    plan,
    monolith,
    service,
    db,
    proxies,
    get proxy() {
      const first = proxies[0];
      if (first === undefined) throw new Error('This world has no proxy.');
      return first;
    },
    async publish(change, group = 'items') {
      const client = await db.connect();
      let version: bigint;
      try {
        await client.query('begin');
        version = await publishGroup(client, group, change);
        await client.query('commit');
      } finally {
        client.release();
      }
      await until(() => proxies.every((proxy) => (proxy.link.table?.version ?? 0n) >= version));
    },
    async close() {
      await Promise.all(proxies.map((proxy) => proxy.close()));
      await Promise.all([monolith.close(), service.close(), db.end()]);
    },
  };
  return world;
}

/** Waits for a condition, generously; what never comes true fails the test by name. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what = 'the condition',
): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`Waited in vain for ${what}.`);
    await delay(5);
  }
}
