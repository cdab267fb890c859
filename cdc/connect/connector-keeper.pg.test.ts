import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensurePublication, ensureSlot, slotState } from '#cdc/capture/direct/objects.ts';
import { syncName, topicName } from '#plan/names.ts';
import type { KafkaStack } from '#stack/kafka/kafka.ts';
import { until } from '#test/cdc-fixture.ts';
import { kafkaSuite, startTestKafka, withoutKafka } from '#test/kafka.ts';
import { quietLog, startTwoSides, type Pair, type TwoSides } from '#test/two-sides.ts';
import { connectorConfig } from './connector-config.ts';
import { ConnectorKeeper, type KeptState } from './connector-keeper.ts';
import { removeConnector, stopConnector } from './end-connector.ts';
import { kafkaClient } from './kafka-client.ts';
import { ConnectRest } from './rest.ts';
import { ensureTopic, removeTopic } from './topic.ts';

describe.skipIf(withoutKafka)(kafkaSuite('a connector kept as it is declared'), () => {
  let stack: KafkaStack;
  let sides: TwoSides;
  let rest: ConnectRest;

  beforeAll(async () => {
    [stack, sides] = await Promise.all([startTestKafka(), startTwoSides()]);
    rest = new ConnectRest(stack.config.connect);
  });
  afterAll(async () => {
    await rest?.close();
    await stack?.stop();
    await sides?.stop();
  });

  interface Kept {
    pair: Pair;
    name: string;
    topic: string;
    config: Record<string, string>;
    keeper: ConnectorKeeper;
    states: KeptState[];
    insert(code: string): Promise<unknown>;
    close(): Promise<void>;
  }

  /** A forward connector of a fresh group, with its slot, publication and topic; kept, but not yet waited for. */
  async function keep(change: Record<string, string> = {}): Promise<Kept> {
    const pair = await sides.pair({ guard: true });
    const { group, legacyPool, legacyApp } = pair;
    const name = syncName(group.name, 'forward');
    const topic = topicName(group.name, 'forward');
    await ensurePublication(legacyPool, group, 'forward');
    await ensureSlot(legacyPool, name);
    const kafka = kafkaClient(stack.config.kafka, 'test', quietLog);
    await ensureTopic(kafka, topic);
    const config = { ...connectorConfig(group, 'forward', stack.config.connect), ...change };
    const states: KeptState[] = [];
    const keeper = new ConnectorKeeper({
      rest,
      name,
      config,
      log: quietLog,
      everyMs: 100,
      onState: (state) => states.push(state),
    });
    return {
      pair,
      name,
      topic,
      config,
      keeper,
      states,
      insert: (code) =>
        legacyApp.query(`insert into prod (cd, price_cents, owner_nm) values ($1, 1, 'A B')`, [code]),
      async close() {
        await keeper.stop();
        await removeConnector(rest, name);
        await removeTopic(kafka, topic);
        await pair.close();
      },
    };
  }

  /** Codes of the products in the topic, in its order. */
  async function codes({ topic }: Kept, wanted: number): Promise<string[]> {
    const kafka = kafkaClient(stack.config.kafka, 'test', quietLog);
    const consumer = kafka.consumer({ groupId: `test.${topic}.${performance.now()}`, maxWaitTimeInMs: 100 });
    const found: string[] = [];
    await consumer.connect();
    try {
      await consumer.subscribe({ topic, fromBeginning: true });
      await consumer.run({
        autoCommit: false,
        eachMessage: async ({ message }) => {
          const event = JSON.parse(message.value?.toString() ?? '{}') as { after?: { cd?: string } | null };
          if (event.after?.cd !== undefined) found.push(event.after.cd);
        },
      });
      await until(`${wanted} products in the topic`, () => found.length >= wanted);
      return found;
    } finally {
      await consumer.disconnect();
    }
  }

  it('declares it, and all that was committed since the slot was made arrives', async () => {
    const kept = await keep();
    // Before there is a connector: the slot is the beginning.
    await kept.insert('early');
    kept.keeper.start();
    await kept.keeper.running(60_000);
    await kept.insert('late');
    expect(await codes(kept, 2)).toEqual(['early', 'late']);
    expect(kept.states.at(-1)).toBe('running');
    await kept.close();
    expect(await rest.names()).not.toContain(kept.name);
  });

  it('keeps no password: Connect stores the reference', async () => {
    const kept = await keep({ 'database.password': '${env:HOME}' });
    kept.keeper.start();
    await kept.keeper.running(60_000);
    expect((await rest.config(kept.name))?.['database.password']).toBe('${env:HOME}');
    await kept.close();
  });

  it('puts settings right that somebody changed', async () => {
    const kept = await keep();
    kept.keeper.start();
    await kept.keeper.running(60_000);
    await rest.putConfig(kept.name, { ...kept.config, 'skipped.operations': 't' });
    await until('the declared settings are back', async () => {
      const stored = await rest.config(kept.name);
      return stored?.['skipped.operations'] === 'none';
    });
    await kept.insert('after the change');
    expect(await codes(kept, 1)).toEqual(['after the change']);
    await kept.close();
  });

  it.each(['pause', 'stop'] as const)('resumes one that somebody told to %s', async (verb) => {
    const kept = await keep();
    kept.keeper.start();
    await kept.keeper.running(60_000);
    await rest[verb](kept.name);
    await until('it was noticed', () =>
      kept.states.some((state) => state === `${verb}${verb === 'stop' ? 'p' : ''}ed` || state === 'paused'),
    );
    await kept.keeper.running(60_000);
    await kept.insert('afterwards');
    expect(await codes(kept, 1)).toEqual(['afterwards']);
    await kept.close();
  });

  it('starts a task again that failed while its source was away, and nothing is lost', async () => {
    const kept = await keep({ 'errors.max.retries': '0', 'slot.max.retries': '0' });
    kept.keeper.start();
    await kept.keeper.running(60_000);
    await kept.insert('before');
    await sides.legacy.kill();
    await until('the task has failed', () => kept.states.includes('failed'));
    expect(kept.keeper.reason).toMatch(/Exception/);
    await sides.legacy.restart();
    await kept.keeper.running(60_000);
    await until('the source takes writes', () => kept.insert('after').then(() => true));
    expect(new Set(await codes(kept, 2))).toEqual(new Set(['before', 'after']));
    await kept.close();
  });

  it('goes on by itself after SIGKILL of Connect and of Kafka', async () => {
    const kept = await keep();
    kept.keeper.start();
    await kept.keeper.running(60_000);
    await kept.insert('one');
    await stack.connect.kill();
    await kept.insert('two');
    await until('it was noticed', () => kept.states.includes('unreachable'));
    await stack.kafka.kill();
    await stack.kafka.start();
    await kept.insert('three');
    await stack.connect.start();
    await kept.keeper.running(60_000);
    expect([...new Set(await codes(kept, 3))]).toEqual(['one', 'two', 'three']);
    await kept.close();
  });

  it('a stopped connector leaves its slot free; a removed one is forgotten, and begins anew at the next slot', async () => {
    const kept = await keep();
    kept.keeper.start();
    await kept.keeper.running(60_000);
    await kept.insert('first life');
    expect(await codes(kept, 1)).toEqual(['first life']);
    await kept.keeper.stop();
    await stopConnector(rest, kept.name);
    await until(
      'the slot is free',
      async () => (await slotState(kept.pair.legacyPool, kept.name))?.active === false,
    );
    await removeConnector(rest, kept.name);
    await kept.pair.legacyPool.query('select pg_drop_replication_slot($1)', [kept.name]);
    await kept.insert('between');
    await ensureSlot(kept.pair.legacyPool, kept.name);
    await kept.insert('second life');
    const next = new ConnectorKeeper({ rest, name: kept.name, config: kept.config, log: quietLog });
    next.start();
    await next.running(60_000);
    expect(await codes(kept, 2)).toEqual(['first life', 'second life']);
    await next.stop();
    await kept.close();
  });

  it.each([
    ['a number that is none', { 'poll.interval.ms': 'soon' }, /poll\.interval\.ms/],
    ['a value that the plugin does not know', { 'snapshot.mode': 'sometimes' }, /snapshot\.mode/],
    ['a database that is not there', { 'database.dbname': 'nowhere' }, /nowhere/],
  ])('says what Connect refuses, and goes on asking: %s', async (_what, change, reason) => {
    const kept = await keep(change);
    kept.keeper.start();
    await until('it is refused', () => kept.keeper.state === 'refused' || kept.keeper.state === 'failed');
    expect(kept.keeper.reason).toMatch(reason);
    await expect(kept.keeper.running(0)).rejects.toMatchObject({ code: 'unavailable' });
    await kept.close();
  });

  it('a topic has one partition and keeps everything; other settings are put right', async () => {
    const kafka = kafkaClient(stack.config.kafka, 'test', quietLog);
    const admin = kafka.admin();
    await admin.connect();
    const settings = async () => {
      const { resources } = await admin.describeConfigs({
        includeSynonyms: false,
        resources: [{ type: 2, name: 'kept' }],
      });
      const found = resources[0]!.configEntries.map((entry) => [entry.configName, entry.configValue]);
      return Object.fromEntries(found) as Record<string, string>;
    };
    const wanted = { 'cleanup.policy': 'delete', 'retention.ms': '-1', 'retention.bytes': '-1' };
    expect(await ensureTopic(kafka, 'kept', { replicationFactor: 1, minInsyncReplicas: 1 })).toBe(true);
    expect(await settings()).toMatchObject({ ...wanted, 'min.insync.replicas': '1' });
    await admin.alterConfigs({
      validateOnly: false,
      resources: [{ type: 2, name: 'kept', configEntries: [{ name: 'retention.ms', value: '1000' }] }],
    });
    expect(await ensureTopic(kafka, 'kept')).toBe(false);
    await until('retention is unlimited again', async () => (await settings())['retention.ms'] === '-1');
    const { topics } = await admin.fetchTopicMetadata({ topics: ['kept'] });
    expect(topics[0]?.partitions).toHaveLength(1);
    await removeTopic(kafka, 'kept');
    await removeTopic(kafka, 'kept');
    await until('it is gone', async () => !(await admin.listTopics()).includes('kept'));
    await admin.disconnect();
  });

  it('is not declared where the plugin is one that loses rows', async () => {
    class OldConnect extends ConnectRest {
      override pluginVersion(): Promise<string | undefined> {
        return Promise.resolve('3.6.3.Final');
      }
    }
    const kept = await keep();
    const old = new OldConnect(stack.config.connect);
    const keeper = new ConnectorKeeper({
      rest: old,
      name: kept.name,
      config: kept.config,
      log: quietLog,
      everyMs: 100,
    });
    keeper.start();
    try {
      await until('the plugin is refused', () => Promise.resolve(keeper.state === 'refused'));
      expect(keeper.reason).toMatch(/Debezium 3\.6\.3\.Final is too old.*Install 3\.7/);
      expect(await rest.names()).not.toContain(kept.name);
    } finally {
      await keeper.stop();
      await old.close();
      await kept.close();
    }
  });
});
