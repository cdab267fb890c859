import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startCluster, type Cluster } from '#stack/clusters.ts';
import { createLog } from '#kernel/log.ts';
import { listenTo } from '#kernel/db/listen.ts';

let cluster: Cluster;
const log = createLog('test', 'silent');

beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.stop());

async function sessions(): Promise<number> {
  const { rows } = await cluster.query(
    `select count(*)::int as n from pg_stat_activity where application_name = 'matapalo listen'`,
  );
  return (rows as { n: number }[])[0]?.n ?? 0;
}

async function until(check: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await check())) {
    if (Date.now() > deadline) throw new Error('waited in vain');
    await delay(20);
  }
}

it('hears what is notified, and says so when it may have missed something', async () => {
  const heard: (string | undefined)[] = [];
  const listener = listenTo(cluster.url(), ['a'], (channel, payload) => heard.push(channel && payload), log);
  await until(() => heard.length === 1);
  await cluster.query(`notify a, 'one'`);
  await until(() => heard.length === 2);
  await cluster.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'matapalo listen'`,
  );
  await until(() => heard.length === 3);
  expect(heard).toEqual([undefined, 'one', undefined]);
  await listener.close();
  expect(await sessions()).toBe(0);
});

it('leaves no connection behind, however early it is closed', async () => {
  for (const afterMs of [undefined, 0, 1, 2, 4, 8, 16]) {
    const listener = listenTo(cluster.url(), ['a'], () => undefined, log);
    if (afterMs !== undefined) await delay(afterMs);
    await listener.close();
  }
  await until(async () => (await sessions()) === 0);
});
