import type pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { databaseOf } from '#plan/compile.ts';
import { syncName } from '#plan/names.ts';
import { settle, startTestWorker, syncGroup, until, closeSynced } from '#test/cdc-fixture.ts';
import { exampleRows, quietLog, type Pair, type TwoSides } from '#test/two-sides.ts';
import { openTransport } from '#cdc/capture/open-transport.ts';
import type { Kept } from '#cdc/capture/transport.ts';
import { Applier, type Applied } from '#cdc/apply/applier.ts';
import { openApplySession, prepareWriters } from '#cdc/apply/apply-session.ts';
import { defaultLimits } from '#cdc/apply/batch-limits.ts';
import { advance, readCheckpoint, takeOver, type Checkpoint } from '#cdc/apply/checkpoint.ts';
import { onEachTransport } from '#test/transports.ts';

onEachTransport(({ start }) => {
  let sides: TwoSides;
  let pair: Pair;
  const sessions: pg.Client[] = [];
  const kept: Kept[] = [];

  beforeAll(async () => {
    sides = await start();
  });
  beforeEach(async () => {
    pair = await sides.pair({ guard: true });
    await pair.legacyApp.query(exampleRows(10));
    const worker = await startTestWorker(pair);
    await syncGroup(pair);
    await worker.stop();
  });
  afterEach(async () => {
    for (const one of kept.splice(0)) await one.stop();
    for (const session of sessions.splice(0)) await session.end().catch(() => undefined);
    await closeSynced(pair);
  });
  afterAll(() => sides.stop());

  /** An applier without a worker, whose acknowledgements may be lost. */
  async function applier(options: { deaf?: boolean } = {}) {
    const name = syncName(pair.group.name, 'forward');
    const session = await openApplySession(databaseOf(pair.group, 'service'), name);
    sessions.push(session);
    const checkpoint = await takeOver(session, pair.group.name, 'forward');
    if (checkpoint === undefined) throw new Error('no checkpoint');
    const flows = (await pair.flows()).forward;
    const failures: unknown[] = [];
    const transport = openTransport(pair.config, quietLog);
    const stream = { group: pair.group, direction: 'forward' as const };
    kept.push(
      transport.keep(stream, { onTrouble: () => undefined, onFailed: (error) => failures.push(error) }),
    );
    const capture = transport.open({
      ...stream,
      flows,
      sourceUrl: databaseOf(pair.group, 'legacy'),
      source: pair.legacyPool,
      checkpoint: checkpoint.source,
    });
    if (options.deaf) capture.acknowledge = () => undefined;
    const applied: Applied[] = [];
    const running = new Applier({
      direction: 'forward',
      flows,
      capture,
      session,
      writers: await prepareWriters(flows, [], pair.legacyPool, pair.servicePool),
      checkpoint,
      filter: undefined,
      limits: defaultLimits,
      onApplied: (event) => applied.push(event),
      onFailed: (error) => failures.push(error),
    });
    await running.start();
    return { running, applied, failures, checkpoint };
  }

  it('changes nothing when what was applied, but not acknowledged, is sent again', async () => {
    const first = await applier({ deaf: true });
    await pair.legacyApp.query(`update prod set price_cents = price_cents + 1; delete from prod_tag`);
    await settle(pair, 'forward');
    await first.running.stop();
    const state = `select p::text, xmin::text from products p order by id`;
    const before = (await pair.servicePool.query(state)).rows;
    const second = await applier();
    await pair.legacyApp.query(`insert into prod (cd, price_cents, owner_nm) values ('last', 1, 'A B')`);
    await settle(pair, 'forward');
    await second.running.stop();
    // Not even written again: the rows have the same versions.
    expect((await pair.servicePool.query(`${state} limit 10`)).rows).toEqual(before);
    expect(second.applied.reduce((sum, event) => sum + event.changes, 0)).toBe(1);
  });

  it('fences an applier that was overtaken: it changes nothing, and says so', async () => {
    const stale = await takeOver(pair.servicePool, pair.group.name, 'forward');
    const fresh = await takeOver(pair.servicePool, pair.group.name, 'forward');
    const next = (from: Checkpoint | undefined) => ({
      to: { major: (from?.position.major ?? 0n) + 1n, minor: 0 },
      beat: undefined,
      sourceAtMs: Date.now(),
    });
    const client = await pair.servicePool.connect();
    try {
      await client.query('select pg_replication_origin_session_setup($1)', [
        syncName(pair.group.name, 'forward'),
      ]);
      if (stale === undefined || fresh === undefined) throw new Error('no checkpoint');
      await expect(advance(client, stale, next(stale))).rejects.toMatchObject({ code: 'fenced' });
      expect((await readCheckpoint(client, pair.group.name, 'forward'))?.position).toEqual(fresh.position);
      await advance(client, fresh, next(fresh));
    } finally {
      client.release(true);
    }
  });

  it('lets a successor end the session that a stalled applier still holds', async () => {
    const stalled = await applier();
    const successor = await applier();
    await until(
      'the stalled applier notices',
      () => stalled.failures.length > 0 || stalled.running.stop().then(() => true),
    );
    await pair.legacyApp.query(`update prod set note = 'once' where cd = 'P1'`);
    await settle(pair, 'forward');
    expect(successor.failures).toEqual([]);
    await successor.running.stop();
  });

  it('splits a transaction of 200,000 rows, and goes on inside it after a stop', async () => {
    const first = await applier();
    await pair.legacyApp.query(
      `insert into prod (cd, price_cents, owner_nm) select 'big' || g, g, 'Big Row' from generate_series(1, 200000) g`,
    );
    await until(
      'some of it is applied',
      async () => (await pair.servicePool.query('select from products limit 11')).rowCount === 11,
    );
    await first.running.stop();
    const inside = await readCheckpoint(pair.servicePool, pair.group.name, 'forward');
    const second = await applier();
    await settle(pair, 'forward');
    await second.running.stop();
    expect(inside?.position.minor).toBeGreaterThan(0);
    const batches = [...first.applied, ...second.applied];
    expect(batches.filter((event) => event.rows > 0).length).toBeGreaterThan(5);
    expect(Math.max(...batches.map((event) => event.rows))).toBeLessThan(2 * defaultLimits.rows);
    const { rows } = await pair.servicePool.query(
      `select count(*)::int as n, sum(price)::text as total from products where code like 'big%'`,
    );
    expect(rows).toEqual([{ n: 200_000, total: '200001000.00' }]);
  });
});
