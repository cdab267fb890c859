import { describe, expect, it } from 'vitest';
import { moveGroup, progressOf, settle, startTestWorker, until } from '#test/cdc-fixture.ts';
import { onEachTransport } from '#test/transports.ts';

import { syncedSides } from '#test/synced-sides.ts';
onEachTransport(({ start }) => {
  const synced = syncedSides(start);

  const service = async (sql: string) => (await synced.pair.servicePool.query(sql)).rows;
  const legacy = async (sql: string) => (await synced.pair.legacyPool.query(sql)).rows;

  describe('a synced group', () => {
    it('has what was there, and follows inserts, updates and deletes', async () => {
      await synced.sync(50);
      expect(await service('select count(*)::int as n from products')).toEqual([{ n: 50 }]);
      await synced.pair.legacyApp.query(`update prod set price_cents = 1999 where cd = 'P1'`);
      await synced.pair.legacyApp.query(
        `insert into prod (cd, price_cents, owner_nm) values ('new', 5, 'Ada Lovelace')`,
      );
      await synced.pair.legacyApp.query(`delete from prod_tag where prod_id = 2`);
      await settle(synced.pair, 'forward');
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
      await synced.sync(10);
      await synced.pair.legacyApp.query(`update prod set erp_ref = 'kept' where cd = 'P3'`);
      await settle(synced.pair, 'forward');
      await moveGroup(synced.pair, 'service');
      await expect(synced.pair.legacyApp.query(`update prod set note = 'x'`)).rejects.toMatchObject({
        code: 'MP001',
      });
      await synced.pair.serviceApp.query(
        `update products set price = 7.77, search_hits = 9 where code = 'P3'`,
      );
      await settle(synced.pair, 'reverse');
      expect(await legacy(`select price_cents, erp_ref from prod where cd = 'P3'`)).toEqual([
        { price_cents: '777', erp_ref: 'kept' },
      ]);
      await moveGroup(synced.pair, 'legacy');
      await synced.pair.legacyApp.query(`update prod set price_cents = 778 where cd = 'P3'`);
      await settle(synced.pair, 'forward');
      expect(await service(`select price, search_hits from products where code = 'P3'`)).toEqual([
        { price: '7.78', search_hits: 9 },
      ]);
      await settle(synced.pair, 'reverse');
      expect((await progressOf(synced.pair, 'forward')).error).toBeUndefined();
      expect((await progressOf(synced.pair, 'reverse')).error).toBeUndefined();
      expect(await legacy(`select price_cents from prod where cd = 'P3'`)).toEqual([{ price_cents: '778' }]);
    });

    it('goes on from its checkpoint after the synced.worker was stopped', async () => {
      await synced.sync(10);
      await synced.worker?.stop();
      await synced.pair.legacyApp.query(`update prod set note = 'while away'`);
      synced.worker = await startTestWorker(synced.pair);
      await settle(synced.pair, 'forward');
      expect(await service(`select count(*)::int as n from products where note = 'while away'`)).toEqual([
        { n: 10 },
      ]);
    });

    it('is taken down when its phase says so', async () => {
      await synced.sync(5);
      await synced.pair.controlPool.query(`update route_group set phase = 'legacy'`);
      await until('progress is gone', async () => {
        return (await synced.pair.controlPool.query('select from progress')).rowCount === 0;
      });
      for (const pool of [synced.pair.legacyPool, synced.pair.servicePool]) {
        const { rowCount } = await pool.query(
          `select from pg_replication_slots where database = current_database() union all select from pg_publication`,
        );
        expect(rowCount).toBe(0);
      }
    });
  });
});
