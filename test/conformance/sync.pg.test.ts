import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Worker } from '#cdc/worker/worker.ts';
import {
  moveGroup,
  progressOf,
  settle,
  startTestWorker,
  syncGroup,
  until,
  closeSynced,
} from '#test/cdc-fixture.ts';
import { exampleRows, type Pair, type TwoSides } from '#test/two-sides.ts';
import { onEachTransport } from '#test/transports.ts';

onEachTransport(({ start }) => {
  let sides: TwoSides;
  let pair: Pair;
  let worker: Worker | undefined;

  beforeAll(async () => {
    sides = await start();
  });
  afterEach(async () => {
    await worker?.stop();
    worker = undefined;
    await closeSynced(pair);
  });
  afterAll(() => sides.stop());

  async function synced(rows = 50): Promise<void> {
    pair = await sides.pair({ guard: true });
    await pair.legacyApp.query(exampleRows(rows));
    worker = await startTestWorker(pair);
    await syncGroup(pair);
  }

  const service = async (sql: string) => (await pair.servicePool.query(sql)).rows;
  const legacy = async (sql: string) => (await pair.legacyPool.query(sql)).rows;

  describe('a synced group', () => {
    it('has what was there, and follows inserts, updates and deletes', async () => {
      await synced();
      expect(await service('select count(*)::int as n from products')).toEqual([{ n: 50 }]);
      await pair.legacyApp.query(`update prod set price_cents = 1999 where cd = 'P1'`);
      await pair.legacyApp.query(
        `insert into prod (cd, price_cents, owner_nm) values ('new', 5, 'Ada Lovelace')`,
      );
      await pair.legacyApp.query(`delete from prod_tag where prod_id = 2`);
      await settle(pair, 'forward');
      expect(await service(`select price, status from products where code = 'P1'`)).toEqual([
        { price: '19.99', status: 'active' },
      ]);
      expect(await service(`select first_name, last_name, price from products where code = 'new'`)).toEqual([
        { first_name: 'Ada', last_name: 'Lovelace', price: '0.05' },
      ]);
      expect(await service('select count(*)::int as n from product_tags where product_id = 2')).toEqual([
        { n: 0 },
      ]);
    });

    it('moves to the service and back without echo, and unmapped columns survive', async () => {
      await synced(10);
      await pair.legacyApp.query(`update prod set erp_ref = 'kept' where cd = 'P3'`);
      await settle(pair, 'forward');
      await moveGroup(pair, 'service');
      await expect(pair.legacyApp.query(`update prod set note = 'x'`)).rejects.toMatchObject({
        code: 'MP001',
      });
      await pair.serviceApp.query(`update products set price = 7.77, search_hits = 9 where code = 'P3'`);
      await settle(pair, 'reverse');
      expect(await legacy(`select price_cents, erp_ref from prod where cd = 'P3'`)).toEqual([
        { price_cents: '777', erp_ref: 'kept' },
      ]);
      await moveGroup(pair, 'legacy');
      await pair.legacyApp.query(`update prod set price_cents = 778 where cd = 'P3'`);
      await settle(pair, 'forward');
      expect(await service(`select price, search_hits from products where code = 'P3'`)).toEqual([
        { price: '7.78', search_hits: 9 },
      ]);
      await settle(pair, 'reverse');
      expect((await progressOf(pair, 'forward')).error).toBeUndefined();
      expect((await progressOf(pair, 'reverse')).error).toBeUndefined();
      expect(await legacy(`select price_cents from prod where cd = 'P3'`)).toEqual([{ price_cents: '778' }]);
    });

    it('goes on from its checkpoint after the worker was stopped', async () => {
      await synced(10);
      await worker?.stop();
      await pair.legacyApp.query(`update prod set note = 'while away'`);
      worker = await startTestWorker(pair);
      await settle(pair, 'forward');
      expect(await service(`select count(*)::int as n from products where note = 'while away'`)).toEqual([
        { n: 10 },
      ]);
    });

    it('is taken down when its phase says so', async () => {
      await synced(5);
      await pair.controlPool.query(`update route_group set phase = 'legacy'`);
      await until('progress is gone', async () => {
        return (await pair.controlPool.query('select from progress')).rowCount === 0;
      });
      for (const pool of [pair.legacyPool, pair.servicePool]) {
        const { rowCount } = await pool.query(
          `select from pg_replication_slots where database = current_database() union all select from pg_publication`,
        );
        expect(rowCount).toBe(0);
      }
    });
  });
});
