import { randomUUID } from 'node:crypto';
import type { Kafka } from 'kafkajs';
import { MatapaloError } from '#kernel/errors.ts';
import { kafkaError, KafkaLogReader } from './log-reader.ts';

/**
 * The first record of a group's topic is ours and names it: Kafka's client does not tell topics of the same name apart, and a
 * topic that was deleted and made again must not be read from an old offset.
 */
interface LogId {
  matapalo: { log: string };
}

/** The id that a record carries; undefined for any other record. */
export function logIdOf(value: Buffer): string | undefined {
  if (!value.subarray(0, 20).toString('latin1').startsWith('{"matapalo":')) return undefined;
  return (JSON.parse(value.toString('utf8')) as LogId).matapalo.log;
}

/**
 * Names an empty topic, before its connector is made. Returns the id of one that has one. Throws `conflict` for a topic whose
 * first record is not ours.
 */
export async function nameLog(kafka: Kafka, topic: string): Promise<string> {
  const reader = new KafkaLogReader(kafka, topic);
  try {
    const { first, next } = await reader.bounds();
    if (first === 0 && next === 0) {
      const producer = kafka.producer({ allowAutoTopicCreation: false });
      await producer.connect();
      try {
        const id: LogId = { matapalo: { log: randomUUID() } };
        await producer.send({ topic, acks: -1, messages: [{ value: JSON.stringify(id) }] });
      } finally {
        await producer.disconnect();
      }
    }
    const record = await reader.one(0);
    const id = record?.value ? logIdOf(record.value) : undefined;
    if (id === undefined) {
      throw new MatapaloError('conflict', `The topic ${topic} does not begin with this tool's record.`, {
        hint: 'Delete the topic where it is a leftover; the tool makes its own. A topic needs unlimited retention.',
      });
    }
    return id;
  } catch (cause) {
    throw kafkaError(cause, topic);
  } finally {
    await reader.close();
  }
}
