import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { MatapaloError } from '#kernel/errors.ts';
import type { Capture, CaptureSink, Position } from '../capture.ts';
import { formatLsn, slotState } from '../direct/objects.ts';
import { ReplicationConnection, type SystemIdentity } from '../direct/replication-connection.ts';
import { Decoder } from './decode.ts';
import { EnvelopeReader } from './envelope.ts';
import { logIdOf } from './log-id.ts';
import { LogOrder } from './log-order.ts';
import type { LogReader, LogRecord } from './log-reader.ts';
import { readCatalog } from '#plan/mapping/carried-columns.ts';
import { unchangedForms } from './unchanged.ts';

export interface DebeziumCaptureOptions {
  reader: LogReader;
  /** Connection string of the source; its role needs REPLICATION. */
  url: string;
  /** Pool of the source, for its catalog and the slot's state. */
  pool: pg.Pool;
  /** Name of the slot. */
  name: string;
  /** `unavailable.value.placeholder` of the connector. */
  placeholder: string;
  /** Columns that the mapping reads, by `schema.table`. */
  reads: ReadonlyMap<string, ReadonlySet<string>>;
  /** What the checkpoint was written against. */
  source: LogIdentity | undefined;
}

/** Stored with the checkpoint: an offset means nothing in another topic, a floor nothing on another system or timeline. */
export interface LogIdentity {
  transport: 'debezium';
  system?: string;
  timeline?: number;
  slot?: string;
  /** Written into the topic as its first record. */
  log: string;
}

/** A change of the catalog that leaves the events' look as it was (numeric to text, say) is noticed within this time. */
const catalogEveryMs = 1_000;

/**
 * Captures from the topic that Debezium's connector fills. Reading goes on at the offset that the checkpoint holds; the record
 * before it must be the one that was applied last, so that a replaced or restored topic is told from ours.
 */
export class DebeziumCapture implements Capture {
  readonly #options: DebeziumCaptureOptions;
  readonly #stopped = new AbortController();
  #identity: LogIdentity | undefined;
  #paused: PromiseWithResolvers<void> | undefined;

  constructor(options: DebeziumCaptureOptions) {
    this.#options = options;
  }

  /** Known once `start` has returned. */
  get identity(): LogIdentity | undefined {
    return this.#identity;
  }

  async start(from: Position, sink: CaptureSink): Promise<void> {
    const { reader, pool, name, source } = this.#options;
    if (source === undefined || from.minor < 1) {
      throw stopped(`The checkpoint of ${name} was not written by the transport debezium.`);
    }
    const { system, timeline } = await identify(this.#options.url, name);
    if (source.system !== undefined && (source.system !== system || source.timeline !== timeline)) {
      throw stopped(
        `The source of ${name} is system ${system}, timeline ${timeline}; the checkpoint belongs to system ${source.system}, timeline ${source.timeline}.`,
      );
    }
    const slot = await slotState(pool, name);
    if (slot === undefined || slot.walStatus === 'lost') {
      throw stopped(`The replication slot ${name} is ${slot ? 'lost' : 'gone'}.`);
    }
    this.#identity = { transport: 'debezium', system, timeline, slot: name, log: source.log };
    const facts = await readCatalog(pool, [...this.#options.reads.keys()]);
    let decoder: Decoder | undefined;
    const tables = () => readCatalog(pool, [...this.#options.reads.keys()]);
    // Connect acknowledges what the topic has. Where nothing is left to read, a slot beyond it was moved, or made anew.
    const { next } = await reader.bounds();
    if (next === from.minor && from.major > 0n && slot.confirmedFlush > from.major) {
      throw stopped(
        `The slot ${name} stands at ${formatLsn(slot.confirmedFlush)}, and its topic ends at ${formatLsn(from.major)}.`,
      );
    }
    await reader.start(from.minor - 1, {
      records: async (records) => {
        let rest = records;
        if (decoder === undefined) {
          const [anchor, ...others] = records;
          if (anchor === undefined) return;
          const order = orderAfter(anchor, from, source.log, name);
          decoder = new Decoder(order, this.#options.reads, unchangedForms(this.#options.placeholder), sink);
          decoder.learn(facts);
          void this.#watchCatalog(decoder, tables);
          rest = others;
        }
        await this.#decode(decoder, rest, tables);
        if (!this.#stopped.signal.aborted) sink.idle();
      },
      ended: (error) => {
        if (!this.#stopped.signal.aborted) sink.ended(error);
      },
    });
  }

  async #decode(
    decoder: Decoder,
    records: readonly LogRecord[],
    tables: () => ReturnType<typeof readCatalog>,
  ): Promise<void> {
    for (const { offset, value, headers } of records) {
      if (this.#paused !== undefined) await this.#paused.promise;
      if (this.#stopped.signal.aborted) return;
      const keys = {
        newKey: headers?.['__debezium.newkey'] !== undefined,
        oldKey: headers?.['__debezium.oldkey'] !== undefined,
      };
      if (decoder.record(offset, value, keys) || value === null) continue;
      decoder.learn(await tables());
      if (this.#stopped.signal.aborted) return;
      decoder.again(offset, value, keys);
    }
  }

  async #watchCatalog(decoder: Decoder, tables: () => ReturnType<typeof readCatalog>): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      await delay(catalogEveryMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      // An unreachable source is somebody else's finding: what Connect has read already is applied.
      const facts = await tables().catch(() => undefined);
      if (facts !== undefined) decoder.learn(facts);
    }
  }

  /** Connect tells the source how far it may forget: as far as the topic has it. */
  acknowledge(): void {
    return;
  }

  pause(): void {
    this.#paused ??= Promise.withResolvers();
  }

  resume(): void {
    this.#paused?.resolve();
    this.#paused = undefined;
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    this.resume();
    await this.#options.reader.close();
  }
}

/** The order after the record that was applied last. Throws where it is not the one that the checkpoint means. */
function orderAfter(record: LogRecord, from: Position, log: string, name: string): LogOrder {
  const expected = Number(from.major);
  const replaced = () =>
    stopped(
      `The record at offset ${from.minor - 1} of the topic of ${name} is not the one that was applied last.`,
      { reason: 'topic-replaced' },
    );
  if (record.offset !== from.minor - 1 || record.value === null) throw replaced();
  const id = logIdOf(record.value);
  if (id !== undefined) {
    if (id !== log || expected !== 0) throw replaced();
    return new LogOrder();
  }
  const headers = {
    newKey: record.headers?.['__debezium.newkey'] !== undefined,
    oldKey: record.headers?.['__debezium.oldkey'] !== undefined,
  };
  const found = new EnvelopeReader().read(record.value, headers);
  if (found.what === 'end' && found.lsn === expected) return new LogOrder(expected);
  if (found.what === 'row' && (found.floor ?? 0) === expected) return new LogOrder(expected, found);
  // The first transaction of all, which had no end of its own.
  if (found.what === 'row' && found.floor === undefined) return new LogOrder(expected);
  throw replaced();
}

/** By the replication protocol: a role that may stream may ask. */
async function identify(url: string, name: string): Promise<SystemIdentity> {
  const connection = new ReplicationConnection(url, `${name} capture`);
  try {
    return await connection.connect();
  } finally {
    await connection.close();
  }
}

function stopped(message: string, extra?: Record<string, unknown>): MatapaloError {
  return new MatapaloError('group-stopped', message, {
    hint: 'Run `matapalo resync` for the group: it makes a new slot, verifies and repairs.',
    ...(extra ? { extra } : {}),
  });
}
