import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { describe, expect, it } from 'vitest';
import { syncName } from '#plan/names.ts';
import { clearStop, progressOf, settle, startTestWorker, until, untilStopped } from '#test/cdc-fixture.ts';
import { onEachTransport } from '#test/transports.ts';

import { syncedSides } from '#test/synced-sides.ts';
onEachTransport(({ start, whileSlotsAreFree }) => {
  const synced = syncedSides(start);

  /** A server notices only after a while that whoever read a slot is gone. */
  async function dropped(pool: pg.Pool, slot: string): Promise<boolean> {
    await pool.query('select pg_drop_replication_slot($1)', [slot]);
    return true;
  }

  async function job(
    kind: string,
    args: unknown,
  ): Promise<{ state: string; result: Record<string, unknown> }> {
    const id = randomUUID();
    await synced.pair.controlPool.query(
      `insert into job (id, group_name, kind, args, asked_by) values ($1, $2, $3, $4, 'test')`,
      [id, synced.pair.group.name, kind, JSON.stringify(args)],
    );
    return until(`job ${kind} ends`, async () => {
      const { rows } = await synced.pair.controlPool.query<{
        state: string;
        result: Record<string, unknown>;
      }>('select state, result from job where id = $1', [id]);
      return rows[0] && ['done', 'failed'].includes(rows[0].state) ? rows[0] : undefined;
    });
  }

  describe('a change that the target refuses', () => {
    it('stops the group with its position and key; only an explicit skip of that position passes it', async () => {
      await synced.sync();
      await synced.pair.serviceAdmin(`alter table products add constraint cheap check (price < 5000)`);
      await synced.pair.legacyApp.query(`
      update prod set note = 'before' where cd = 'P1';
      update prod set price_cents = 99999900 where cd = 'P2';
      update prod set note = 'after' where cd = 'P3'`);
      const reason = await untilStopped(synced.pair);
      expect(reason.message).toContain('public.prod (prod_id 2)');
      expect(reason.message).toContain('cheap');
      expect(reason.hint).toContain('matapalo skip');
      const error = (await progressOf(synced.pair, 'forward')).error;
      expect(error).toMatchObject({
        sqlState: '23514',
        event: { table: 'public.prod', op: 'update', key: ['2'] },
      });
      const { major, minor } = error?.['position'] as { major: string; minor: number };
      const wrong = await job('skip', { direction: 'forward', position: { major, minor: minor + 1 } });
      expect(wrong.state).toBe('failed');
      const right = await job('skip', { direction: 'forward', position: { major, minor } });
      expect(right.state).toBe('done');
      await settle(synced.pair, 'forward');
      const { rows } = await synced.pair.servicePool.query(
        `select code, note, price from products where id <= 3 order by id`,
      );
      expect(rows).toMatchObject([{ note: 'before' }, { price: '0.14' }, { note: 'after' }]);
    });

    it('is applied after all once its cause is mended', async () => {
      await synced.sync();
      await synced.pair.serviceAdmin(`alter table products add constraint cheap check (price < 5000)`);
      await synced.pair.legacyApp.query(`update prod set price_cents = 99999900 where cd = 'P2'`);
      await untilStopped(synced.pair);
      await synced.pair.serviceAdmin('alter table products drop constraint cheap');
      await clearStop(synced.pair);
      await settle(synced.pair, 'forward');
      expect((await synced.pair.servicePool.query(`select price from products where id = 2`)).rows).toEqual([
        { price: '999999.00' },
      ]);
    });

    it('is an update whose row the target lacks, when the image is not whole', async () => {
      await synced.sync(0, {
        legacySql: `create table doc (id int primary key, n int, body text); alter table doc alter body set storage external;
                  insert into doc values (1, 1, repeat('b', 9000))`,
        serviceSql: `create table doc (id int primary key, n int, body text)`,
        tables: [
          {
            legacy: 'doc',
            service: 'doc',
            forward: { id: 'id', n: 'n', body: 'body' },
            reverse: { id: 'id', n: 'n', body: 'body' },
          },
        ],
      });
      await synced.pair
        .serviceAdmin(`set session_replication_role = replica; alter table doc disable trigger all; delete from doc;
      alter table doc enable always trigger matapalo_guard; alter table doc enable always trigger matapalo_guard_truncate`);
      await synced.pair.legacyApp.query('update doc set n = 2');
      const reason = await untilStopped(synced.pair);
      expect(reason.message).toContain('found no row');
      expect(reason.message).toContain('id 1');
    });
  });

  describe('a changed schema of the source', () => {
    it('goes unnoticed where nothing mapped is touched', async () => {
      await synced.sync();
      await synced.pair.legacyApp.query(
        `alter table prod add column extra text default 'x'; alter table prod drop column erp_ref`,
      );
      await synced.pair.legacyApp.query(`update prod set note = 'still' where cd = 'P4'`);
      await settle(synced.pair, 'forward');
      expect((await synced.pair.servicePool.query(`select note from products where id = 4`)).rows).toEqual([
        { note: 'still' },
      ]);
    });

    it.each([
      ['rename', `alter table prod rename column note to remark`, `update prod set remark = 'r'`, 'note'],
      ['retype', `alter table prod alter price_cents type text`, `update prod set note = 'r'`, 'price_cents'],
      ['drop', `alter table prod drop column note`, `update prod set cd = cd || 'x'`, 'note'],
    ])('stops the group and names the column on a %s', async (_what, ddl, write, column) => {
      await synced.sync();
      await synced.pair.legacyApp.query(ddl);
      await synced.pair.legacyApp.query(write);
      expect((await untilStopped(synced.pair)).message).toContain(`"${column}"`);
    });
  });

  describe('a stream that cannot be whole', () => {
    it('stops on a beat that does not follow the last one', async () => {
      await synced.sync();
      await synced.pair.legacyPool.query('update matapalo.beat set n = n + 2');
      expect((await untilStopped(synced.pair)).message).toContain('gap');
    });

    it('stops when the slot was recreated, instead of going on after a hole', async () => {
      await synced.sync();
      await synced.worker.stop();
      const slot = syncName(synced.pair.group.name, 'forward');
      await whileSlotsAreFree(async () => {
        await synced.pair.legacyApp.query(`update prod set note = 'in the hole'`);
        await until('the slot is free', () => dropped(synced.pair.legacyPool, slot));
        await synced.pair.legacyPool.query(`select pg_create_logical_replication_slot($1, 'pgoutput')`, [
          slot,
        ]);
      });
      synced.worker = await startTestWorker(synced.pair);
      const reason = await untilStopped(synced.pair);
      expect(reason.message).toContain(slot);
      expect(reason.hint).toContain('resync');
      const { rows } = await synced.pair.servicePool.query(`select from products where note = 'in the hole'`);
      expect(rows).toHaveLength(0);
    });

    it('stops when the slot was dropped while nothing read it, whatever is made in its place', async () => {
      await synced.sync();
      await synced.pair.legacyApp.query(`update prod set note = 'seen'`);
      await settle(synced.pair, 'forward');
      await synced.worker.stop();
      const slot = syncName(synced.pair.group.name, 'forward');
      await whileSlotsAreFree(async () => {
        await until('the slot is free', () => dropped(synced.pair.legacyPool, slot));
        await synced.pair.legacyApp.query(`update prod set note = 'in the hole'`);
      });
      synced.worker = await startTestWorker(synced.pair);
      expect((await untilStopped(synced.pair)).hint).toContain('resync');
      expect(
        (await synced.pair.servicePool.query(`select from products where note = 'in the hole'`)).rowCount,
      ).toBe(0);
    });
  });

  describe('a side that owns the group', () => {
    it('is not written by an applier, which waits and loses nothing', async () => {
      await synced.sync();
      const own = (owner: string) =>
        synced.pair.servicePool.query(`update matapalo.ownership set owner = $1`, [owner]);
      await own('service');
      await synced.pair.legacyApp.query(`update prod set note = 'stale' where cd = 'P1'`);
      await until('the refusal is seen', async () => {
        const message = (await progressOf(synced.pair, 'forward')).error?.['message'];
        return typeof message === 'string' && message.includes('is owned by this side');
      });
      expect(
        (await synced.pair.servicePool.query(`select from products where note = 'stale'`)).rowCount,
      ).toBe(0);
      await own('legacy');
      await settle(synced.pair, 'forward');
      expect(
        (await synced.pair.servicePool.query(`select from products where note = 'stale'`)).rowCount,
      ).toBe(1);
    });

    it('has what it writes in the wrong phase left out, loudly', async () => {
      await synced.sync();
      await synced.pair.serviceAdmin(`alter table products disable trigger matapalo_guard`);
      await synced.pair.serviceApp.query(`update products set note = 'not mine' where id = 1`);
      await settle(synced.pair, 'reverse');
      await until(
        'the alarm',
        async () => (await progressOf(synced.pair, 'reverse')).error?.['code'] === 'not-owner',
      );
      expect((await synced.pair.legacyPool.query(`select from prod where note = 'not mine'`)).rowCount).toBe(
        0,
      );
    });
  });
});
