import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Admin, Consumer, EachBatchPayload, Kafka } from 'kafkajs';
import { describeError, MatapaloError } from '#kernel/errors.ts';

export interface LogRecord {
  offset: number;
  value: Buffer | null;
  headers: Readonly<Record<string, unknown>> | undefined;
}

export interface LogHandler {
  /** Records in the order of their offsets, none twice and none left out. No others come until it resolves. */
  records(records: readonly LogRecord[]): Promise<void>;
  /** The log cannot be read any more; nothing is called afterwards. */
  ended(error: unknown): void;
}

/** A log with one partition, read by offsets that the reader's owner keeps: the one place where Kafka's client is used to read. */
export interface LogReader {
  /** Offsets of the first record that is still there, and of the next that will be written. */
  bounds(): Promise<LogBounds>;
  /** The record at an offset; undefined where there is none. Not while the log is being read. */
  one(offset: number): Promise<LogRecord | undefined>;
  /** Begins at `offset`. Throws `group-stopped` where the log does not have it. */
  start(offset: number, handler: LogHandler): Promise<void>;
  close(): Promise<void>;
}

export interface LogBounds {
  first: number;
  next: number;
}

/** How long the broker keeps a fetch that finds nothing; a record that arrives meanwhile is sent at once. */
const maxWaitMs = 250;

export class KafkaLogReader implements LogReader {
  readonly #kafka: Kafka;
  readonly #topic: string;
  #admin: Admin | undefined;
  #consumer: Consumer | undefined;
  #handler: LogHandler | undefined;
  #next = 0;
  #closed = false;

  constructor(kafka: Kafka, topic: string) {
    this.#kafka = kafka;
    this.#topic = topic;
  }

  async bounds(): Promise<LogBounds> {
    const topic = this.#topic;
    try {
      const [found] = await (await this.#connectedAdmin()).fetchTopicOffsets(topic);
      if (found === undefined) throw new MatapaloError('unavailable', `The topic ${topic} has no partition.`);
      return { first: Number(found.low), next: Number(found.high) };
    } catch (cause) {
      throw kafkaError(cause, topic);
    }
  }

  async #connectedAdmin(): Promise<Admin> {
    if (this.#admin === undefined) {
      const admin = this.#kafka.admin();
      await admin.connect();
      this.#admin = admin;
    }
    return this.#admin;
  }

  async one(offset: number): Promise<LogRecord | undefined> {
    const { first, next } = await this.bounds();
    if (offset < first || offset >= next) return undefined;
    const found = Promise.withResolvers<LogRecord | undefined>();
    const single = new KafkaLogReader(this.#kafka, this.#topic);
    try {
      await single.start(offset, {
        records: async (records) => found.resolve(records[0]),
        ended: (error) => found.reject(error),
      });
      return await found.promise;
    } finally {
      await single.close();
    }
  }

  async start(offset: number, handler: LogHandler): Promise<void> {
    const topic = this.#topic;
    this.#next = offset;
    this.#handler = handler;
    await this.#confirm();
    // A group of its own each time: nobody else's joining, leaving or stalling moves the partition, and no stored offset counts.
    const consumer = this.#kafka.consumer({
      groupId: `matapalo.reader.${topic}.${randomUUID()}`,
      maxWaitTimeInMs: maxWaitMs,
      minBytes: 1,
      maxBytes: 4 * 1024 * 1024,
      maxBytesPerPartition: 2 * 1024 * 1024,
      retry: { initialRetryTime: 100, retries: 3, restartOnFailure: async () => false },
    });
    this.#consumer = consumer;
    consumer.on(consumer.events.CRASH, ({ payload }) => this.#end(kafkaError(payload.error, topic)));
    // After each (re)joining the client would begin where its group stands, which is nowhere.
    consumer.on(consumer.events.GROUP_JOIN, () => this.#seek());
    try {
      await consumer.connect();
      await consumer.subscribe({ topic, fromBeginning: true });
      await consumer.run({ autoCommit: false, eachBatch: (payload) => this.#batch(payload) });
    } catch (cause) {
      throw kafkaError(cause, topic);
    }
  }

  #seek(): void {
    this.#consumer?.seek({ topic: this.#topic, partition: 0, offset: String(this.#next) });
  }

  async #batch(payload: EachBatchPayload): Promise<void> {
    if (this.#closed) return;
    try {
      const records: LogRecord[] = [];
      for (const { offset, value, headers } of payload.batch.messages) {
        const number = Number(offset);
        if (number >= this.#next) records.push({ offset: number, value, headers });
      }
      const first = records[0];
      if (first === undefined || first.offset !== this.#next) {
        // Read from elsewhere than asked for: after a rejoin, or because the log does not have our offset any more.
        await this.#confirm();
        if (first === undefined) return this.#seek();
      }
      await this.#handOver(records, () => payload.heartbeat());
      this.#next = (records.at(-1)?.offset ?? this.#next - 1) + 1;
    } catch (error) {
      this.#end(error);
    }
  }

  /** Whoever handles the records may take long (back-pressure): the group is told that its member lives. */
  async #handOver(records: readonly LogRecord[], heartbeat: () => Promise<void>): Promise<void> {
    const handled = new AbortController();
    const alive = async () => {
      while (!handled.signal.aborted) {
        await delay(2_000, undefined, { signal: handled.signal }).catch(() => undefined);
        if (!handled.signal.aborted) await heartbeat().catch(() => undefined);
      }
    };
    const beating = alive();
    try {
      await this.#handler?.records(records);
    } finally {
      handled.abort();
      await beating;
    }
  }

  /** Throws where the log does not have what comes next. */
  async #confirm(): Promise<void> {
    const { first, next } = await this.bounds();
    if (this.#next >= first && this.#next <= next) return;
    throw new MatapaloError(
      'group-stopped',
      `The topic ${this.#topic} has the offsets ${first} to ${next}, and ${this.#next} is to be read.`,
      {
        hint: 'Records were deleted, or the topic was replaced. Run `matapalo resync` for the group; a topic needs unlimited retention.',
        extra: { reason: 'offset-lost' },
      },
    );
  }

  #end(error: unknown): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#handler?.ended(error);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#consumer?.disconnect().catch(() => undefined);
    await this.#admin?.disconnect().catch(() => undefined);
  }
}

/** Failures of Kafka pass: whoever reads tries again. */
export function kafkaError(cause: unknown, topic: string): unknown {
  if (cause instanceof MatapaloError) return cause;
  return new MatapaloError('unreachable', `Kafka cannot be read (${topic}): ${describeError(cause)}`, {
    cause,
    hint: 'Look at the brokers, and at `debezium.kafka` of the configuration.',
  });
}
