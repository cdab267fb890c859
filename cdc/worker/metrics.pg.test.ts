import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { closeSynced, settle, syncGroup, until } from '#test/cdc-fixture.ts';
import { exampleRows, quietLog, startTwoSides, type Pair, type TwoSides } from '#test/two-sides.ts';
import { startWorker, type Worker } from './worker.ts';

let sides: TwoSides;
let pair: Pair;
let worker: Worker;

beforeAll(async () => {
  sides = await startTwoSides();
});
afterEach(async () => {
  await worker.stop();
  await closeSynced(pair);
});
afterAll(() => sides.stop());

/** Value of a series of this group; undefined where there is none. */
async function series(name: string, labels: string): Promise<number | undefined> {
  const text = await (await fetch(`${worker.url}/metrics`)).text();
  const value = new RegExp(
    `^${name}\\{group="${pair.group.name}"${labels},service="cdc"\\} (\\S+)$`,
    'm',
  ).exec(text)?.[1];
  return value === undefined ? undefined : Number(value);
}

it('shows lag, rows and slots of a group while it is synced, and nothing that stands still afterwards', async () => {
  await sides.legacy.query(`alter system set max_slot_wal_keep_size = '64MB'`);
  await sides.legacy.query('select pg_reload_conf()');
  pair = await sides.pair({ guard: true });
  await pair.legacyApp.query(exampleRows(10));
  worker = await startWorker({ plan: pair.plan, log: quietLog, admin: { host: '127.0.0.1', port: 0 } });
  await syncGroup(pair);
  await pair.legacyApp.query('update prod set price_cents = price_cents + 1');
  await settle(pair, 'forward');

  expect(await series('matapalo_cdc_leading', '')).toBe(1);
  expect(await series('matapalo_sync_changes_applied_total', ',direction="forward"')).toBeGreaterThanOrEqual(
    10,
  );
  expect(await series('matapalo_sync_changes_applied_total', ',direction="reverse"')).toBeDefined();
  expect(await series('matapalo_sync_ignored_total', ',direction="forward"')).toBe(0);
  for (const stage of ['capture', 'apply'])
    expect(
      await series('matapalo_sync_stage_lag_seconds', `,direction="forward",stage="${stage}"`),
    ).toBeDefined();
  await until(
    'the slots to be looked at',
    async () => (await series('matapalo_slot_active', ',direction="reverse"')) === 1,
  );
  expect(await series('matapalo_slot_safe_wal_bytes', ',direction="forward"')).toBeGreaterThan(0);
  // Only the legacy server has a limit.
  expect(await series('matapalo_slot_safe_wal_bytes', ',direction="reverse"')).toBeUndefined();
  expect(await series('matapalo_slot_source_wal_position_bytes', ',direction="forward"')).toBeGreaterThan(0);

  await pair.controlPool.query(`update route_group set phase = 'legacy'`);
  await until(
    'the group is taken down',
    async () => (await series('matapalo_slot_retained_wal_bytes', ',direction="forward"')) === undefined,
  );
  expect(await series('matapalo_sync_lag_seconds', ',direction="forward"')).toBeUndefined();
  expect(await series('matapalo_sync_changes_applied_total', ',direction="forward"')).toBeGreaterThanOrEqual(
    10,
  );
});
