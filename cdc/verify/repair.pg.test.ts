import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Worker } from '#cdc/worker/worker.ts';
import { syncName } from '#plan/names.ts';
import { readGroup } from '#plan/store/groups.ts';
import { dropCapture } from '#cdc/capture/direct/objects.ts';
import { moveGroup, settle, startTestWorker, syncGroup, untilStopped } from '#test/cdc-fixture.ts';
import { exampleRows, jobContext, startTwoSides, type Pair, type TwoSides } from '#test/two-sides.ts';
import { repairJob } from './repair.ts';
import { resyncJob } from './resync.ts';
import { verifyJob } from './verify.ts';

let sides: TwoSides;
let pair: Pair;
let worker: Worker | undefined;
beforeAll(async () => {
  sides = await startTwoSides();
});
afterEach(async () => {
  await worker?.stop();
  worker = undefined;
  await pair.close();
});
afterAll(() => sides.stop());

async function synced(rows: number): Promise<void> {
  pair = await sides.pair({ guard: true });
  await pair.legacyApp.query(`${exampleRows(rows)} analyze;`);
  worker = await startTestWorker(pair);
  await syncGroup(pair);
  await settle(pair, 'forward');
}

const pastTheGuard = (table: string, sql: string) =>
  `set session_replication_role = replica; alter table ${table} disable trigger matapalo_guard; ${sql}; alter table ${table} enable always trigger matapalo_guard`;

const expectClean = async (direction: string) =>
  expect(await verifyJob(await jobContext(pair, { direction, rest: 0 }))).toMatchObject({
    verifications: [{ state: 'clean' }],
  });

/** Runs the handler with streams that really stand still meanwhile. */
async function resync() {
  const ctx = await jobContext(pair);
  return resyncJob({
    ...ctx,
    whileStopped: async (work) => {
      await worker?.stop();
      const result = await work();
      worker = await startTestWorker(pair);
      return result;
    },
  });
}

describe('repair', () => {
  it('tells its plan first, then mends rows through the mapping while clients write', async () => {
    await synced(2_000);
    await pair.serviceAdmin(
      pastTheGuard(
        'products',
        `delete from products where id between 1 and 30;
         update products set price = price + 1, search_hits = 5 where id between 101 and 140;
         insert into products (id, code, price, status, first_name, last_name, updated_at)
           select g, 'extra' || g, 1, 'active', 'x', 'y', now() from generate_series(90001, 90020) g`,
      ),
    );
    const told = await repairJob(await jobContext(pair, { rest: 0 }));
    expect(told).toMatchObject({
      dryRun: true,
      plan: [{ table: 'public.products', insert: 30, update: 40, delete: 20 }],
    });
    let stop = false;
    const client = (async () => {
      for (let n = 0; !stop; n++) {
        await pair.legacyApp.query('update prod set price_cents = price_cents + 1 where prod_id = $1', [
          1 + (n % 150),
        ]);
        await delay(1);
      }
    })();
    try {
      const done = await repairJob(await jobContext(pair, { dryRun: false, rest: 0 }));
      expect(done).toMatchObject({ dryRun: false, verification: { state: 'clean' } });
    } finally {
      stop = true;
      await client;
    }
    await settle(pair, 'forward');
    await expectClean('forward');
    // What the monolith does not model was not touched; nothing came back as an echo.
    const hits = await pair.serviceApp.query('select count(*)::int as n from products where search_hits = 5');
    expect(hits.rows).toEqual([{ n: 40 }]);
    await settle(pair, 'reverse');
    await expectClean('reverse');
  });
});

describe('resync', () => {
  it('makes a lost forward slot again and brings what was missed', async () => {
    await synced(500);
    await dropCapture(pair.legacyPool, syncName(pair.group.name, 'forward'));
    await pair.legacyApp.query(
      `update prod set price_cents = price_cents + 1 where prod_id <= 50; delete from prod_tag where prod_id > 400;
       insert into prod (cd, price_cents, owner_nm) select 'new' || g, g, 'New Row' from generate_series(1, 20) g`,
    );
    await untilStopped(pair);
    const result = await resync();
    expect(result).toMatchObject({ directions: ['forward'], verification: { state: 'clean' } });
    expect((await readGroup(pair.controlPool, pair.group.name))?.stopped).toBeUndefined();
    await pair.legacyApp.query(`update prod set note = 'goes on'`);
    await settle(pair, 'forward');
    await expectClean('forward');
  });

  it('after the switch keeps what the service does not model, and forbids the way back until clean', async () => {
    await synced(200);
    await pair.legacyApp.query(`update prod set erp_ref = 'kept'`);
    await settle(pair, 'forward');
    await moveGroup(pair, 'service');
    await settle(pair, 'reverse');
    await dropCapture(pair.servicePool, syncName(pair.group.name, 'reverse'));
    await pair.serviceApp.query(
      `update products set price = price + 1 where id <= 50; delete from product_tags where product_id > 100;
       delete from products where id > 150; update products set first_name = 'Changed' where id = 7`,
    );
    await untilStopped(pair);
    const result = await resync();
    expect(result).toMatchObject({ directions: ['reverse'], verification: { state: 'clean' } });
    const states = await pair.controlPool.query(
      `select state from verification where direction = 'reverse' order by started_at`,
    );
    expect(states.rows).toEqual([{ state: 'different' }, { state: 'clean' }]);
    const kept = await pair.legacyApp.query(`select count(*)::int as n from prod where erp_ref = 'kept'`);
    expect(kept.rows).toEqual([{ n: 150 }]);
    await pair.serviceApp.query(`update products set note = 'goes on'`);
    await settle(pair, 'reverse');
    await expectClean('reverse');
  });
});
