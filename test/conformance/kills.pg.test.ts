import { randomUUID } from 'node:crypto';
import { type ChildProcess } from 'node:child_process';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { from } from 'pg-copy-streams';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { closeSynced, settle, syncGroup, until } from '#test/cdc-fixture.ts';
import { exampleRows, type Pair, type TwoSides } from '#test/two-sides.ts';
import { onEachTransport } from '#test/transports.ts';
import { workerProcesses } from '#test/synced-sides.ts';

onEachTransport(({ transport, start, kafka }) => {
  let sides: TwoSides;

  beforeAll(async () => {
    sides = await start();
  });
  afterAll(() => sides.stop());
  const startProcess = workerProcesses();

  function exited(child: ChildProcess): Promise<number | null> {
    return new Promise((resolve) => child.once('exit', (code) => resolve(code)));
  }

  /** Writes until told to stop; a write whose answer a kill swallowed may have happened or not: the source decides. */
  async function write(pair: Pair, stop: AbortSignal): Promise<void> {
    for (let i = 0; !stop.aborted; i++) {
      await pair.legacyApp
        .query(
          // By keys: the load is to be the writes, not looking for their rows.
          `begin;
         update prod set price_cents = price_cents + 1, note = 'turn ${i}'
          where cd = any(array(select 'P' || (${i} * 7 + g) % 200 + 1 from generate_series(1, 10) g));
         insert into prod (cd, price_cents, owner_nm) values ('k${i}', ${i}, 'Kill Test');
         delete from prod where cd = 'k${i - 5}';
         commit`,
        )
        .catch(() => undefined);
      // What piles up while a server is away must be worked off again.
      await delay(15);
    }
  }

  /** COPY writes many rows with one LSN, in transactions that a kill meets in their middle. */
  async function copy(pair: Pair, stop: AbortSignal): Promise<void> {
    for (let i = 0; !stop.aborted; i++) {
      const client = await pair.legacyApp.connect().catch(() => undefined);
      if (client === undefined) {
        await delay(20);
        continue;
      }
      // A connection that a kill ends in the middle of a COPY says so twice.
      const again = () => undefined;
      client.on('error', again);
      try {
        const rows = Array.from(
          { length: 100 },
          (_, n) => `copy ${i} ${n} ${randomUUID()}\t${n}\tCopied Row\n`,
        );
        await pipeline(
          Readable.from(rows),
          client.query(from('copy prod (cd, price_cents, owner_nm) from stdin')),
        );
        client.off('error', again);
        client.release();
      } catch (error) {
        client.release(error instanceof Error ? error : true);
      }
      await delay(300);
    }
  }

  async function rowsOf(pair: Pair) {
    const source = await pair.legacyPool.query(
      `select prod_id as id, cd as code, (price_cents / 100.0)::numeric(12, 2) as price, note from prod order by 1`,
    );
    const target = await pair.servicePool.query(`select id, code, price, note from products order by 1`);
    return { source: source.rows, target: target.rows };
  }

  type Victim = 'worker' | 'source' | 'target' | 'connect' | 'kafka';
  const victims: Record<typeof transport, readonly Victim[]> = {
    direct: ['worker', 'source', 'target', 'worker', 'target', 'source', 'worker'],
    debezium: ['connect', 'worker', 'kafka', 'source', 'target', 'connect'],
  };

  it('loses nothing and doubles nothing when everything is killed in turn under load', async ({ signal }) => {
    const pair = await sides.pair({ guard: true });
    let child = startProcess(pair);
    const stop = new AbortController();
    try {
      await pair.legacyApp.query(exampleRows(200));
      await syncGroup(pair);
      const writing = Promise.all([write(pair, stop.signal), copy(pair, stop.signal)]);
      const rowsIn = async () =>
        Number((await pair.servicePool.query('select sum(price)::text as s from products')).rows[0]?.s);
      for (const victim of victims[transport]) {
        signal.throwIfAborted();
        if (victim === 'worker') {
          const gone = exited(child);
          child.kill('SIGKILL');
          await gone;
          child = startProcess(pair);
        } else if (victim === 'connect' || victim === 'kafka') {
          await kafka()[victim].kill();
          await kafka()[victim].start();
        } else {
          const cluster = victim === 'source' ? sides.legacy : sides.service;
          await cluster.kill();
          await cluster.restart();
        }
        const before = await rowsIn();
        await until(
          `the stream moves on after the ${victim} was killed`,
          async () => (await rowsIn()) > before,
        );
      }
      stop.abort();
      await writing;
      await settle(pair, 'forward');
      const { source, target } = await rowsOf(pair);
      expect(source.length).toBeGreaterThanOrEqual(200);
      expect(target).toEqual(source);
      // An orderly end: told to stop, it exits with 0 and leaves nothing half.
      const gone = exited(child);
      child.kill('SIGTERM');
      expect(await gone).toBe(0);
    } finally {
      stop.abort();
      child.kill('SIGKILL');
      await closeSynced(pair);
    }
    // Java takes its time to start again on a busy machine.
  }, 300_000);
});
