import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensurePublication, ensureSlot } from '#cdc/capture/direct/objects.ts';
import { syncName, topicName } from '#plan/names.ts';
import type { KafkaStack } from '#stack/kafka/kafka.ts';
import { until } from '#test/cdc-fixture.ts';
import { kafkaSuite, startTestKafka, withoutKafka } from '#test/kafka.ts';
import { quietLog, startTwoSides, type TwoSides } from '#test/two-sides.ts';
import { connectorConfig } from './connector-config.ts';
import { ConnectorKeeper } from './connector-keeper.ts';
import { removeConnector } from './end-connector.ts';
import { kafkaClient } from './kafka-client.ts';
import { ConnectRest } from './rest.ts';
import { ensureTopic } from './topic.ts';

describe.skipIf(withoutKafka)(kafkaSuite('Kafka with TLS and SCRAM, Connect with TLS and a password'), () => {
  let stack: KafkaStack;
  let sides: TwoSides;

  beforeAll(async () => {
    [stack, sides] = await Promise.all([
      startTestKafka({
        security: { mechanism: 'scram-sha-512' },
        connectEnv: { SOURCE_PASSWORD: 'of the source' },
      }),
      startTwoSides(),
    ]);
  });
  afterAll(async () => {
    await stack?.stop();
    await sides?.stop();
  });

  it('nobody gets in without the password, or without trusting the certificate', async () => {
    const { username, password: _password, ...open } = stack.config.connect;
    for (const config of [open, { ...open, username: username!, password: 'wrong' }]) {
      const rest = new ConnectRest(config);
      await expect(rest.names()).rejects.toMatchObject({ code: 'unauthorized' });
      await rest.close();
    }
    const { caFile: _ca, ...strange } = stack.config.connect;
    const rest = new ConnectRest(strange);
    await expect(rest.names()).rejects.toMatchObject({ code: 'unreachable' });
    await rest.close();

    const { sasl, ...anonymous } = stack.config.kafka;
    for (const config of [
      anonymous,
      { ...stack.config.kafka, sasl: { ...sasl!, password: 'wrong' } },
      { brokers: stack.config.kafka.brokers, sasl: sasl!, tls: true },
    ]) {
      const admin = kafkaClient({ ...config }, 'stranger', quietLog).admin({ retry: { retries: 0 } });
      await expect(admin.connect().then(() => admin.listTopics())).rejects.toThrow();
      await admin.disconnect();
    }
  });

  it('changes arrive, and the password of the source is stored nowhere', async () => {
    const pair = await sides.pair({ guard: true });
    const { monolith, name: groupName } = pair.group;
    const database = monolith.database.replace('@', ':of%20the%20source@');
    expect(() => connectorConfig({ ...pair.group, monolith: { ...monolith, database } }, 'forward')).toThrow(
      /connectPassword/,
    );
    const group = {
      ...pair.group,
      monolith: { ...monolith, database, connectPassword: '${env:SOURCE_PASSWORD}' },
    };
    const name = syncName(groupName, 'forward');
    const topic = topicName(groupName, 'forward');
    await ensurePublication(pair.legacyPool, group, 'forward');
    await ensureSlot(pair.legacyPool, name);
    const kafka = kafkaClient(stack.config.kafka, 'test', quietLog);
    await ensureTopic(kafka, topic);
    const rest = new ConnectRest(stack.config.connect);
    const keeper = new ConnectorKeeper({
      rest,
      name,
      config: connectorConfig(group, 'forward', stack.config.connect),
      log: quietLog,
    });
    keeper.start();
    await keeper.running(60_000);
    expect(JSON.stringify(await rest.config(name))).not.toContain('of the source');

    await pair.legacyApp.query(`insert into prod (cd, price_cents, owner_nm) values ('kept', 1, 'A B')`);
    const consumer = kafka.consumer({ groupId: `test.${topic}`, maxWaitTimeInMs: 100 });
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    let seen = '';
    await consumer.run({
      autoCommit: false,
      eachMessage: async ({ message }) => {
        seen += message.value?.toString() ?? '';
      },
    });
    await until('the row is in the topic', () => seen.includes('"cd":"kept"'));
    await consumer.disconnect();
    await keeper.stop();
    await removeConnector(rest, name);
    await rest.close();
    await pair.close();
  });
});
