import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { kafkaClient } from '#cdc/connect/kafka-client.ts';
import { ConnectRest } from '#cdc/connect/rest.ts';
import { ensureTopic, removeTopic } from '#cdc/connect/topic.ts';
import { KafkaLogReader, type LogRecord } from '#cdc/capture/debezium/log-reader.ts';
import type { Worker } from '#cdc/worker/worker.ts';
import { topicName } from '#plan/names.ts';
import type { KafkaStack } from '#stack/kafka/kafka.ts';
import { closeSynced, settle, startTestWorker, syncGroup, until, untilStopped } from '#test/cdc-fixture.ts';
import { kafkaSuite, startTestKafka, withoutKafka } from '#test/kafka.ts';
import { exampleRows, quietLog, startTwoSides, type Pair, type TwoSides } from '#test/two-sides.ts';

describe.skipIf(withoutKafka)(kafkaSuite('a topic'), () => {
  let stack: KafkaStack;
  let sides: TwoSides;
  let pair: Pair | undefined;
  let worker: Worker | undefined;

  beforeAll(async () => {
    stack = await startTestKafka();
    sides = await startTwoSides({ debezium: stack.config });
  });
  afterEach(async () => {
    await worker?.stop();
    if (pair !== undefined) await closeSynced(pair);
    pair = undefined;
    worker = undefined;
  });
  afterAll(async () => {
    await sides.stop();
    await stack.stop();
  });

  const kafka = () => kafkaClient(stack.config.kafka, 'test', quietLog);

  async function synced(): Promise<Pair> {
    pair = await sides.pair({ guard: true });
    await pair.legacyApp.query(exampleRows(10));
    worker = await startTestWorker(pair);
    await syncGroup(pair);
    await settle(pair, 'forward');
    return pair;
  }

  it('that was replaced stops the group, and a resync begins anew', async () => {
    const { group, controlPool, legacyApp, servicePool } = await synced();
    await worker?.stop();
    await removeTopic(kafka(), topicName(group.name, 'forward'));
    await legacyApp.query(`update prod set note = 'in the hole' where cd = 'P1'`);
    await ensureTopic(kafka(), topicName(group.name, 'forward'), stack.config.kafka);
    worker = await startTestWorker(pair as Pair);
    const reason = await untilStopped(pair as Pair);
    expect(reason.message).toMatch(/offsets|not the one that was applied last/);
    expect(reason.hint).toContain('resync');
    const id = randomUUID();
    await controlPool.query(
      `insert into job (id, group_name, kind, args, asked_by) values ($1, $2, 'resync', '{"direction": "forward"}', 'test')`,
      [id, group.name],
    );
    await until('the resync ends', async () => {
      const { rows } = await controlPool.query<{ state: string }>('select state from job where id = $1', [
        id,
      ]);
      return rows[0]?.state === 'done';
    });
    await legacyApp.query(`update prod set note = 'after' where cd = 'P2'`);
    await settle(pair as Pair, 'forward');
    const { rows } = await servicePool.query(`select note from products where id <= 2 order by id`);
    expect(rows).toEqual([{ note: 'in the hole' }, { note: 'after' }]);
  });

  it('goes on past logical messages, in and outside of transactions', async () => {
    const { legacyAdmin, legacyApp, servicePool } = await synced();
    await legacyAdmin(`select pg_logical_emit_message(false, 'other', 'alone')`);
    await legacyAdmin(`select pg_logical_emit_message(true, 'other', 'in a transaction')`);
    await legacyApp.query(`update prod set note = 'after messages' where cd = 'P1'`);
    await settle(pair as Pair, 'forward');
    await worker?.stop();
    await legacyAdmin(`select pg_logical_emit_message(false, 'other', 'again')`);
    worker = await startTestWorker(pair as Pair);
    await legacyApp.query(`update prod set note = 'and again' where cd = 'P2'`);
    await settle(pair as Pair, 'forward');
    const { rows } = await servicePool.query(`select note from products where id <= 2 order by id`);
    expect(rows).toEqual([{ note: 'after messages' }, { note: 'and again' }]);
  });

  it('is gone with its connector when the group is taken down', async () => {
    const { group, controlPool } = await synced();
    await controlPool.query(`update route_group set phase = 'legacy'`);
    await until(
      'progress is gone',
      async () => (await controlPool.query('select from progress')).rowCount === 0,
    );
    const rest = new ConnectRest(stack.config.connect);
    const admin = kafka().admin();
    await admin.connect();
    expect((await rest.names()).filter((name) => name.includes(group.name))).toEqual([]);
    expect((await admin.listTopics()).filter((name) => name.includes(`.${group.name}.`))).toEqual([]);
    await admin.disconnect();
    await rest.close();
  });

  it('is read from any offset, in order and whole, by readers that do not know of each other', async () => {
    const topic = `t.${randomUUID()}`;
    await ensureTopic(kafka(), topic);
    const producer = kafka().producer();
    await producer.connect();
    const send = (from: number, to: number) =>
      producer.send({
        topic,
        messages: Array.from({ length: to - from }, (_, i) => ({ value: String(from + i) })),
      });
    await send(0, 500);
    const readFrom = async (offset: number) => {
      const reader = new KafkaLogReader(kafka(), topic);
      const seen: LogRecord[] = [];
      await reader.start(offset, {
        records: async (records) => {
          seen.push(...records);
        },
        ended: (error) => {
          throw error;
        },
      });
      return { reader, seen };
    };
    const [first, second] = await Promise.all([readFrom(0), readFrom(123)]);
    await send(500, 700);
    const third = await readFrom(700);
    await send(700, 900);
    for (const [{ seen, reader }, offset] of [
      [first, 0],
      [second, 123],
      [third, 700],
    ] as const) {
      await until('all has been read', () => seen.length >= 900 - offset);
      expect(seen.map((record) => [record.offset, record.value?.toString()])).toEqual(
        Array.from({ length: 900 - offset }, (_, i) => [offset + i, String(offset + i)]),
      );
      await reader.close();
    }
    const reader = new KafkaLogReader(kafka(), topic);
    await expect(
      reader.start(901, { records: async () => undefined, ended: () => undefined }),
    ).rejects.toThrow('offsets 0 to 900');
    expect((await reader.one(899))?.value?.toString()).toBe('899');
    await reader.close();
    await producer.disconnect();
  });
});
