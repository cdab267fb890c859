import pg from 'pg';
import { databaseOf } from '#plan/compile.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readGroup } from '#plan/store/groups.ts';
import { readProgress } from '#plan/store/progress.ts';
import {
  closeSynced,
  moveGroup,
  progressOf,
  settle,
  startTestWorker,
  syncGroup,
  until,
} from '#test/cdc-fixture.ts';
import { exampleRows, type Pair, type TwoSides } from '#test/two-sides.ts';
import { workerSessionName } from '#cdc/worker/end-predecessor.ts';
import { onEachTransport } from '#test/transports.ts';
import { workerProcesses } from '#test/synced-sides.ts';

onEachTransport(({ start }) => {
  let sides: TwoSides;

  beforeAll(async () => {
    sides = await start();
  });
  afterAll(() => sides.stop());
  const startProcess = workerProcesses();

  const pricesIn = async (pair: Pair) => ({
    legacy: (
      await pair.legacyPool.query('select prod_id as id, price_cents::int as cents from prod order by 1')
    ).rows,
    service: (await pair.servicePool.query('select id, (price * 100)::int as cents from products order by 1'))
      .rows,
  });

  it('a leader that sleeps is succeeded in both directions, and changes nothing when it wakes', async () => {
    const pair = await sides.pair({ guard: true });
    const sleeper = startProcess(pair);
    let standby: Awaited<ReturnType<typeof startTestWorker>> | undefined;
    try {
      await pair.legacyApp.query(exampleRows(50));
      await syncGroup(pair);
      const { worker } = await progressOf(pair, 'forward');
      standby = await startTestWorker(pair);
      // An open transaction of the sleeper's would keep what it locked: what it sends before it sleeps may be half.
      const writing = pair.legacyApp.query('update prod set price_cents = price_cents + 1');
      sleeper.kill('SIGSTOP');
      await writing;
      // More than sockets hold: the stream's sender waits in the middle of a message for a reader that sleeps.
      await pair.legacyApp.query(
        `insert into prod (cd, price_cents, owner_nm, note)
         select 'big' || g, g, 'Ada Lovelace', repeat(md5(g::text), 3200) from generate_series(1, 200) g`,
      );

      await settle(pair, 'forward');
      await until('both directions have the successor', async () => {
        const rows = await readProgress(pair.controlPool, pair.group.name);
        return rows.length === 2 && rows.every((row) => row.worker !== worker && row.state === 'streaming');
      });
      await moveGroup(pair, 'service');
      await pair.serviceApp.query('update products set price = price + 0.05');
      await settle(pair, 'reverse');
      await moveGroup(pair, 'legacy');

      const gone = until('the sleeper notices', async () => {
        const { rows } = await pair.controlPool.query(
          `select count(*)::int as n from pg_stat_activity
          where application_name = $1 and state is not null and datname = current_database()`,
          [`matapalo cdc lead ${pair.group.name}`],
        );
        // The leader's session, and the sleeper's new one that stands by.
        return (rows as { n: number }[])[0]?.n === 2;
      });
      sleeper.kill('SIGCONT');
      for (let i = 0; i < 20; i++) {
        await pair.legacyApp.query('update prod set price_cents = price_cents + 1');
        await settle(pair, i % 2 === 0 ? 'forward' : 'reverse');
      }
      await gone;
      await settle(pair, 'forward');
      const { legacy, service } = await pricesIn(pair);
      expect(service).toEqual(legacy);
      expect((await readGroup(pair.controlPool, pair.group.name))?.stopped).toBeUndefined();
      expect((await progressOf(pair, 'forward')).worker).not.toBe(worker);
    } finally {
      sleeper.kill('SIGKILL');
      await standby?.stop();
      await closeSynced(pair);
    }
  });

  it('ends a transaction that a former leader left open in a captured database', async () => {
    const pair = await sides.pair({ guard: true });
    const left = new pg.Client({
      connectionString: databaseOf(pair.group, 'legacy'),
      application_name: workerSessionName(pair.group.name),
    });
    left.on('error', () => undefined);
    await left.connect();
    // As one that was stopped while it made the group's publication.
    await left.query('begin');
    await left.query('select pg_advisory_xact_lock(19793, 3)');
    const standby = await startTestWorker(pair);
    try {
      await syncGroup(pair);
      await expect(left.query('commit')).rejects.toThrow();
    } finally {
      await left.end().catch(() => undefined);
      await standby.stop();
      await closeSynced(pair);
    }
  });
});
