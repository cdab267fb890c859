import { MatapaloError } from '#kernel/errors.ts';
import { toolSchema } from '#plan/names.ts';
import type { TableFlow } from '#plan/mapping/flow.ts';
import type { CaptureSink, RowChange } from '../capture.ts';
import { EnvelopeReader, type Envelope, type Headers } from './envelope.ts';
import { keysOf, layoutOf, sameColumns, type Layout } from './layout.ts';
import type { LogOrder } from './log-order.ts';
import { RowTranscriber } from './row-transcriber.ts';
import type { TableFacts } from '#plan/mapping/carried-columns.ts';
import type { Unchanged } from './unchanged.ts';

/** Columns that the mapping reads, by `schema.table`: nothing else is decoded. */
export function readsOf(flows: readonly TableFlow[]): Map<string, Set<string>> {
  const reads = new Map([[`${toolSchema}.beat`, new Set(['group_name', 'n', 'epoch', 'owner', 'at'])]]);
  for (const flow of flows) {
    const name = flow.source.ref.name;
    const columns = reads.get(name) ?? new Set();
    for (const read of flow.reads) columns.add(read.name);
    for (const key of flow.key) columns.add(key.source);
    reads.set(name, columns);
  }
  return reads;
}

/**
 * Records of a topic to calls of a sink, each change once. A position's major is where the transaction before had ended, its
 * minor the offset of the record: the log is read on from there.
 */
export class Decoder {
  readonly #order: LogOrder;
  readonly #sink: CaptureSink;
  readonly #reads: ReadonlyMap<string, ReadonlySet<string>>;
  readonly #envelopes = new EnvelopeReader();
  readonly #rows: RowTranscriber;
  readonly #layouts = new Map<string, Layout>();
  #facts: ReadonlyMap<string, TableFacts> = new Map();
  /** `begin` of the open transaction has been called. */
  #begun = false;
  /** Offset after the last record that counted. */
  #next = 0;
  /** The old row of a change of key whose new row has not come yet. */
  #old: Buffer | undefined;
  readonly #change: RowChange;

  constructor(
    order: LogOrder,
    reads: ReadonlyMap<string, ReadonlySet<string>>,
    unchanged: Unchanged,
    sink: CaptureSink,
  ) {
    this.#order = order;
    this.#sink = sink;
    this.#reads = reads;
    this.#rows = new RowTranscriber(unchanged);
    const relation = { id: 0, schema: '', table: '', replicaIdentity: 'd', columns: [] };
    this.#change = { op: 'insert', relation, bytes: this.#rows.bytes, newAt: -1, oldAt: -1 };
  }

  /** What the source's catalog says now. A table that has changed is looked at anew with its next event. */
  learn(facts: ReadonlyMap<string, TableFacts>): void {
    for (const table of this.#layouts.keys()) {
      if (!sameColumns(this.#facts.get(table), facts.get(table))) this.#layouts.delete(table);
    }
    this.#facts = facts;
  }

  /** True when done. False when the source's catalog must be read first: `learn`, then `again` with the same record. */
  record(offset: number, value: Buffer | null, headers: Headers): boolean {
    // A tombstone.
    if (value === null) return true;
    const envelope = this.#envelopes.read(value, headers);
    if (envelope.what === 'row') return this.#event(envelope, offset, value);
    if (envelope.what === 'end') this.#end(envelope, offset);
    return true;
  }

  /** The record once more, after `learn`. */
  again(offset: number, value: Buffer, headers: Headers): void {
    const envelope = this.#envelopes.read(value, headers);
    if (!this.#deliver(envelope, offset, value, true)) {
      throw new MatapaloError(
        'group-stopped',
        `An event of ${envelope.schema}.${envelope.table} (offset ${offset}) does not fit the types of its columns.`,
        { hint: 'The table has changed: correct the mapping, and run `matapalo resync` for the group.' },
      );
    }
    this.#next = offset + 1;
  }

  #end(envelope: Envelope, offset: number): void {
    const floor = this.#order.floor;
    if (!this.#order.ends(envelope.xid, envelope.lsn)) return;
    if (!this.#begun) this.#begin(envelope, floor);
    this.#next = offset + 1;
    this.#commit();
  }

  #event(envelope: Envelope, offset: number, value: Buffer): boolean {
    if (envelope.kind === 'message' && envelope.xid === 0) {
      this.#order.loneMessage(envelope.lsn);
      return true;
    }
    const verdict = this.#order.event(envelope);
    if (verdict === 'repeated') return true;
    if (verdict === 'end-then-first' && this.#begun) this.#commit();
    if (!this.#begun) this.#begin(envelope, this.#order.floor);
    const done = this.#deliver(envelope, offset, value, false);
    if (done) this.#next = offset + 1;
    return done;
  }

  #begin({ xid, committedAtMs }: Envelope, floor: number): void {
    this.#begun = true;
    this.#sink.begin({ major: BigInt(floor), xid, committedAtMs, receivedAtMs: Date.now() });
  }

  #commit(): void {
    this.#begun = false;
    this.#sink.commit({ major: BigInt(this.#order.end), minor: this.#next });
  }

  /** False where the event does not look as its table's did, and the catalog has to be asked why. */
  #deliver(envelope: Envelope, offset: number, value: Buffer, informed: boolean): boolean {
    const { kind, schema, table, beforeAt, afterAt } = envelope;
    if (kind === 'message') return true;
    const name = `${schema}.${table}`;
    const reads = this.#reads.get(name);
    // A table that the publication has and the mapping does not.
    if (reads === undefined) return true;
    const facts = this.#facts.get(name);
    if (kind === 'truncate') {
      if (facts === undefined) return false;
      const layout = this.#layouts.get(name) ?? layoutOf(schema, table, keysFrom(facts), facts, reads);
      this.#layouts.set(name, layout);
      this.#sink.truncate([layout.relation], offset);
      return true;
    }
    const before = this.#layouts.get(name);
    if (before !== undefined && this.#row(envelope, before, offset, value)) return true;
    const keys = keysOf(value, afterAt >= 0 ? afterAt : beforeAt);
    const known = facts !== undefined && keys.every((key) => facts.columns.has(key.name));
    if (!informed && (before !== undefined || !known)) return false;
    const layout = layoutOf(schema, table, keys, facts, reads);
    this.#layouts.set(name, layout);
    return this.#row(envelope, layout, offset, value);
  }

  /** False where the row does not fit the layout; nothing has been handed over then. */
  #row({ kind, beforeAt, afterAt }: Envelope, layout: Layout, offset: number, value: Buffer): boolean {
    const rows = this.#rows;
    const change = this.#change;
    rows.reserve(value.length + (this.#old?.length ?? 0), layout.columns.length);
    const oldAt = beforeAt < 0 ? -1 : rows.row(value, beforeAt, layout, false);
    if (beforeAt >= 0 && oldAt < 0) return false;
    if (kind === 'key-change-old') {
      // The new row is the next record. Debezium knows no other way to say it.
      this.#old = Buffer.from(rows.bytes.subarray(oldAt, rows.end));
      return true;
    }
    const partial = kind === 'update' || kind === 'key-change-new';
    const newAt = afterAt < 0 ? -1 : rows.row(value, afterAt, layout, partial);
    if (afterAt >= 0 && newAt < 0) return false;
    change.relation = layout.relation;
    change.op = partial ? 'update' : kind === 'delete' ? 'delete' : 'insert';
    change.newAt = newAt;
    change.oldAt = oldAt;
    if (kind === 'key-change-new' && this.#old !== undefined) {
      change.oldAt = rows.carry(this.#old);
      this.#old = undefined;
    }
    change.bytes = rows.bytes;
    this.#sink.change(change, offset);
    return true;
  }
}

/** A table whose rows have not been seen yet: its columns in any order. */
function keysFrom(facts: TableFacts) {
  return [...facts.columns.keys()].map((name) => ({ key: Buffer.from(`${JSON.stringify(name)}:`), name }));
}
