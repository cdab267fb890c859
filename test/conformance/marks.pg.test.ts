import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import {
  closeSynced,
  moveGroup,
  progressOf,
  settle,
  startTestWorker,
  syncGroup,
  until,
} from '#test/cdc-fixture.ts';
import { transaction } from '#kernel/db/pool.ts';
import { publishGroup } from '#plan/store/groups.ts';
import { exampleRows, type Pair, type TwoSides } from '#test/two-sides.ts';
import type { Worker } from '#cdc/worker/worker.ts';
import { onEachTransport } from '#test/transports.ts';

onEachTransport(({ start }) => {
  let sides: TwoSides;
  let pair: Pair;
  let worker: Worker;

  beforeAll(async () => {
    sides = await start();
  });
  afterEach(async () => {
    await worker.stop();
    await closeSynced(pair);
  });
  afterAll(() => sides.stop());

  async function inCanary(): Promise<void> {
    pair = await sides.pair({ guard: true });
    await pair.legacyApp.query(exampleRows(20));
    worker = await startTestWorker(pair);
    await syncGroup(pair);
    await publish('canary');
    await pair.controlPool.query(
      `insert into proxy (id, url, config_hash, version, lease_until) values ('p1', 'http://p', '', 1, now() + interval '1 hour')`,
    );
  }

  function publish(phase: 'canary' | 'shadow'): Promise<unknown> {
    return transaction(pair.controlPool, (db) => publishGroup(db, pair.group.name, { phase }));
  }

  const mark = (n: number) => pair.controlPool.query(`update proxy set mark = $1 where id = 'p1'`, [n]);
  const covered = async () => (await progressOf(pair, 'forward')).covered['p1'] ?? 0;

  it('a mark is covered, and only after what was committed before it has been applied', async () => {
    await inCanary();
    for (let n = 1; n <= 15; n++) {
      await pair.legacyApp.query(`update prod set note = 'mark ${n}' where cd = 'P1'`);
      await mark(n);
      // Whenever the mark shows as covered, the service has the write: looked at in this order.
      await until(`mark ${n} is covered`, async () => (await covered()) >= n);
      const { rows } = await pair.servicePool.query(`select note from products where code = 'P1'`);
      expect(rows).toEqual([{ note: `mark ${n}` }]);
    }
  });

  it('is not covered while the target cannot apply, and is as soon as it can', async () => {
    await inCanary();
    await settle(pair, 'forward');
    // A lock that the applier has to wait for, as long as we like.
    const blocker = await pair.serviceApp.connect();
    try {
      await blocker.query('begin');
      await blocker.query('lock table products in share mode');
      await pair.legacyApp.query(`update prod set note = 'late' where cd = 'P2'`);
      await mark(1);
      const { rows } = await pair.legacyPool.query<{ n: number }>('select n::int from matapalo.beat');
      // Beats later than the mark's have been written by then: what is missing is the applying alone.
      await until('three more beats are written', async () => {
        const now = await pair.legacyPool.query<{ n: number }>('select n::int from matapalo.beat');
        return (now.rows[0]?.n ?? 0) >= (rows[0]?.n ?? 0) + 3;
      });
      expect(await covered()).toBe(0);
      await blocker.query('rollback');
    } finally {
      blocker.release(true);
    }
    await until('the mark is covered', async () => (await covered()) === 1);
    const { rows } = await pair.servicePool.query(`select note from products where code = 'P2'`);
    expect(rows).toEqual([{ note: 'late' }]);
  });

  it('marks of before a rollback are covered after it too', async () => {
    await inCanary();
    await mark(1);
    await until('the first mark is covered', async () => (await covered()) === 1);
    await moveGroup(pair, 'service');
    await moveGroup(pair, 'legacy');
    await publish('canary');
    await pair.legacyApp.query(`update prod set note = 'again' where cd = 'P3'`);
    await mark(2);
    await until('the second mark is covered', async () => (await covered()) === 2);
    const { rows } = await pair.servicePool.query(`select note from products where code = 'P3'`);
    expect(rows).toEqual([{ note: 'again' }]);
  });
});
