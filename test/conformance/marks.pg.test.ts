import { expect, it } from 'vitest';
import { moveGroup, progressOf, settle, until } from '#test/cdc-fixture.ts';
import { transaction } from '#kernel/db/pool.ts';
import { publishGroup } from '#plan/store/groups.ts';
import { onEachTransport } from '#test/transports.ts';

import { syncedSides } from '#test/synced-sides.ts';
onEachTransport(({ start }) => {
  const synced = syncedSides(start);

  async function inCanary(): Promise<void> {
    await synced.sync(20);
    await publish('canary');
    await synced.pair.controlPool.query(
      `insert into proxy (id, url, config_hash, version, lease_until) values ('p1', 'http://p', '', 1, now() + interval '1 hour')`,
    );
  }

  function publish(phase: 'canary' | 'shadow'): Promise<unknown> {
    return transaction(synced.pair.controlPool, (db) => publishGroup(db, synced.pair.group.name, { phase }));
  }

  const mark = (n: number) =>
    synced.pair.controlPool.query(`update proxy set mark = $1 where id = 'p1'`, [n]);
  const covered = async () => (await progressOf(synced.pair, 'forward')).covered['p1'] ?? 0;

  it('a mark is covered, and only after what was committed before it has been applied', async () => {
    await inCanary();
    for (let n = 1; n <= 15; n++) {
      await synced.pair.legacyApp.query(`update prod set note = 'mark ${n}' where cd = 'P1'`);
      await mark(n);
      // Whenever the mark shows as covered, the service has the write: looked at in this order.
      await until(`mark ${n} is covered`, async () => (await covered()) >= n);
      const { rows } = await synced.pair.servicePool.query(`select note from products where code = 'P1'`);
      expect(rows).toEqual([{ note: `mark ${n}` }]);
    }
  });

  it('is not covered while the target cannot apply, and is as soon as it can', async () => {
    await inCanary();
    await settle(synced.pair, 'forward');
    // A lock that the applier has to wait for, as long as we like.
    const blocker = await synced.pair.serviceApp.connect();
    try {
      await blocker.query('begin');
      await blocker.query('lock table products in share mode');
      await synced.pair.legacyApp.query(`update prod set note = 'late' where cd = 'P2'`);
      await mark(1);
      const { rows } = await synced.pair.legacyPool.query<{ n: number }>('select n::int from matapalo.beat');
      // Beats later than the mark's have been written by then: what is missing is the applying alone.
      await until('three more beats are written', async () => {
        const now = await synced.pair.legacyPool.query<{ n: number }>('select n::int from matapalo.beat');
        return (now.rows[0]?.n ?? 0) >= (rows[0]?.n ?? 0) + 3;
      });
      expect(await covered()).toBe(0);
      await blocker.query('rollback');
    } finally {
      blocker.release(true);
    }
    await until('the mark is covered', async () => (await covered()) === 1);
    const { rows } = await synced.pair.servicePool.query(`select note from products where code = 'P2'`);
    expect(rows).toEqual([{ note: 'late' }]);
  });

  it('marks of before a rollback are covered after it too', async () => {
    await inCanary();
    await mark(1);
    await until('the first mark is covered', async () => (await covered()) === 1);
    await moveGroup(synced.pair, 'service');
    await moveGroup(synced.pair, 'legacy');
    await publish('canary');
    await synced.pair.legacyApp.query(`update prod set note = 'again' where cd = 'P3'`);
    await mark(2);
    await until('the second mark is covered', async () => (await covered()) === 2);
    const { rows } = await synced.pair.servicePool.query(`select note from products where code = 'P3'`);
    expect(rows).toEqual([{ note: 'again' }]);
  });
});
