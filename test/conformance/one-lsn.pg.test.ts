import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { from } from 'pg-copy-streams';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConnectRest } from '#cdc/connect/rest.ts';
import { syncName } from '#plan/names.ts';
import type { KafkaStack } from '#stack/kafka/kafka.ts';
import { closeSynced, settle, startTestWorker, syncGroup, until } from '#test/cdc-fixture.ts';
import { kafkaSuite, startTestKafka, withoutKafka } from '#test/kafka.ts';
import { exampleRows, startTwoSides, type Pair, type TwoSides } from '#test/two-sides.ts';

/** Rows of a COPY and tables of a TRUNCATE share one record of WAL: Debezium before 3.7 left out the rest of it after a restart. */
describe.skipIf(withoutKafka)(kafkaSuite('changes that share an LSN'), () => {
  let stack: KafkaStack;
  let sides: TwoSides;

  beforeAll(async () => {
    stack = await startTestKafka();
    sides = await startTwoSides({ debezium: stack.config });
  });
  afterAll(async () => {
    await sides.stop();
    await stack.stop();
  });

  async function copyRows(pair: Pair, rows: number): Promise<void> {
    const client = await pair.legacyApp.connect();
    try {
      const lines = Array.from({ length: rows }, (_, n) => `row ${n}\t${n}\tCopied Row\n`);
      await pipeline(
        Readable.from(lines),
        client.query(from('copy prod (cd, price_cents, owner_nm) from stdin')),
      );
    } finally {
      client.release();
    }
  }

  it('all arrive where the connector is stopped between them', async () => {
    const pair = await sides.pair({ guard: true });
    const worker = await startTestWorker(pair);
    const rest = new ConnectRest(stack.config.connect);
    const name = syncName(pair.group.name, 'forward');
    try {
      await pair.legacyApp.query(exampleRows(10));
      await syncGroup(pair);
      await settle(pair, 'forward');
      await copyRows(pair, 30_000);
      for (let stops = 0; stops < 6; stops++) {
        await rest.stop(name);
        await until('the task has ended', async () => (await rest.status(name))?.tasks.length === 0);
        await rest.resume(name);
        await until('the task runs', async () => (await rest.status(name))?.tasks[0]?.state === 'RUNNING');
      }
      await settle(pair, 'forward');
      const copied = `select count(*)::int as n from`;
      const source = await pair.legacyPool.query<{ n: number }>(`${copied} prod`);
      const target = await pair.servicePool.query<{ n: number }>(`${copied} products`);
      expect(target.rows).toEqual(source.rows);
    } finally {
      await worker.stop();
      await rest.close();
      await closeSynced(pair);
    }
  }, 120_000);
});
