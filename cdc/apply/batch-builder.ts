import { MatapaloError } from '#kernel/errors.ts';
import { toolSchema } from '#plan/names.ts';
import type { Direction, Owner } from '#plan/phase.ts';
import type { TableFlow } from '#plan/mapping/flow.ts';
import type { RangeFilter } from '../backfill/range-filter.ts';
import type { Begin, Position, Relation, RowChange } from '../capture/capture.ts';
import { fieldOffsets, textAt, tupleEnd } from '../capture/tuple.ts';
import { Batch } from './batch.ts';
import { isFull, isWorthWaiting, type BatchLimits } from './batch-limits.ts';
import type { BeatSeen, Checkpoint } from './checkpoint.ts';
import { allFlows } from './merge.ts';
import { OwnershipGate } from './ownership-gate.ts';
import { bindRelation, sameLayout, type SourceTable } from './source-table.ts';
import { keyTexts } from './write-segment.ts';

const fields: number[] = [];

/** Puts the stream's changes into batches: binds tables, follows beats, leaves out what is not to be applied, merges the rest. */
export class BatchBuilder {
  readonly gate: OwnershipGate;
  /** Set while the stream may hold events that a resumed backfill has read already. */
  filter: RangeFilter | undefined;
  current = new Batch();
  readonly #flows = new Map<string, TableFlow[]>();
  readonly #limits: BatchLimits;
  readonly #skip: ReadonlySet<string>;
  readonly #bound = new Map<string, SourceTable>();
  readonly #byRelation = new Map<Relation, SourceTable | 'beat' | undefined>();
  #begin: Begin = { major: 0n, xid: 0, committedAtMs: 0, receivedAtMs: 0 };
  #lastRelation: Relation | undefined;
  #lastTable: SourceTable | 'beat' | undefined;
  /** Changes of the transaction that is being received, in the current batch. */
  #open = false;
  #nextMinor = 0;

  constructor(
    direction: Direction,
    flows: readonly TableFlow[],
    checkpoint: Checkpoint,
    limits: BatchLimits,
  ) {
    for (const flow of flows) {
      const name = flow.source.ref.name;
      this.#flows.set(name, [...(this.#flows.get(name) ?? []), flow]);
    }
    this.gate = new OwnershipGate(direction, checkpoint.beat);
    this.#skip = new Set((checkpoint.source.skip ?? []).map((skip) => `${skip.major}/${skip.minor}`));
    this.#limits = limits;
  }

  begin(begin: Begin): void {
    this.#begin = begin;
    this.#open = true;
    this.#nextMinor = 0;
    const batch = this.current;
    if (batch.receivedAtMs === 0) batch.receivedAtMs = begin.receivedAtMs;
    batch.sourceAtMs = begin.committedAtMs;
  }

  change(change: RowChange, minor: number): void {
    this.#nextMinor = minor + 1;
    const table = change.relation === this.#lastRelation ? this.#lastTable : this.#tableOf(change.relation);
    if (table === undefined) return;
    const batch = this.current;
    if (table === 'beat') {
      if (change.op === 'delete') return;
      const beat = beatOf(change);
      this.gate.pass(beat);
      batch.beat = beat;
      return;
    }
    if (!this.gate.open) {
      this.gate.ignored++;
      return;
    }
    if (this.#skip.size > 0 && this.#skip.has(`${this.#begin.major}/${minor}`)) return;
    if (this.filter !== undefined) this.#addFiltered(this.filter, table, change, minor);
    else this.#add(table, change, minor, allFlows);
  }

  #add(table: SourceTable, change: RowChange, minor: number, flows: number): void {
    if (flows === 0) return;
    const batch = this.current;
    const { bytes, newAt } = change;
    batch.merger.add(table, change, flows);
    batch.log.add(this.#begin.major, minor, table, change, flows);
    // An estimate is enough, and walking the tuple again would cost as much as the merge.
    batch.bytes += newAt < 0 ? 64 : batch.log.length % 64 === 0 ? 64 * (tupleEnd(bytes, newAt) - newAt) : 0;
  }

  #addFiltered(filter: RangeFilter, table: SourceTable, change: RowChange, minor: number): void {
    let old = 0;
    let now = 0;
    table.flows.forEach((flow, place) => {
      const columns = flow.key.map((key) => key.source);
      const skips = (at: number) =>
        filter.skips(flow.id, this.#begin.xid, keyTexts(table, columns, { bytes: change.bytes, at }));
      if (change.oldAt >= 0 && !skips(change.oldAt)) old |= 1 << place;
      if (change.newAt >= 0 && !skips(change.newAt)) now |= 1 << place;
    });
    if (change.op === 'update' && change.oldAt >= 0 && old !== now) {
      this.#add(table, { ...change, op: 'delete', newAt: -1 }, minor, old & ~now);
      this.#add(table, { ...change, op: 'insert', oldAt: -1 }, minor, now & ~old);
      this.#add(table, change, minor, old & now);
      return;
    }
    this.#add(table, change, minor, change.op === 'delete' ? old : now);
  }

  truncate(relations: readonly Relation[], minor: number): void {
    this.#nextMinor = minor + 1;
    const tables = relations
      .map((relation) => this.#tableOf(relation))
      .filter((table) => table !== undefined && table !== 'beat');
    if (tables.length === 0) return;
    if (!this.gate.open) {
      this.gate.ignored++;
      return;
    }
    if (this.#skip.has(`${this.#begin.major}/${minor}`)) return;
    for (const table of this.filter === undefined ? [] : tables) {
      for (const flow of table.flows) {
        const verdict = this.filter?.truncate(flow.id, this.#begin.xid);
        if (verdict === 'skip' && table.flows.length === 1 && tables.length === 1) return;
        if (verdict !== 'apply') {
          throw new MatapaloError(
            'group-stopped',
            `${flow.source.ref.name} was truncated while its copy was interrupted: parts of the copy have seen it, others not.`,
            { hint: 'Abort the group and sync it anew.' },
          );
        }
      }
    }
    const batch = this.current;
    batch.merger.truncate(tables);
    batch.log.truncate(this.#begin.major, minor, tables, allFlows);
  }

  commit(end: Position): void {
    this.#open = false;
    this.current.end = end;
    this.current.transactions++;
  }

  get full(): boolean {
    const { merger, log, bytes } = this.current;
    return isFull(this.#limits, merger.rows, log.length, bytes);
  }

  /** True where a fuller batch is worth a wait. Clocks that differ cost speed, or `gatherMs`. */
  get gathers(): boolean {
    const { merger, log, sourceAtMs } = this.current;
    return isWorthWaiting(merger.rows, log.length, Date.now() - sourceAtMs);
  }

  /** True when the current batch ends with a whole transaction. */
  get whole(): boolean {
    return !this.#open && this.current.end !== undefined;
  }

  /** Hands the current batch over; in the middle of a transaction only where it is oversized. Undefined when not to be had yet. */
  take(): Batch | undefined {
    const batch = this.current;
    if (this.#open) {
      if (!this.full) return undefined;
      batch.end = { major: this.#begin.major, minor: this.#nextMinor };
    } else if (batch.end === undefined) return undefined;
    this.current = new Batch();
    this.current.receivedAtMs = this.#open ? batch.receivedAtMs : 0;
    this.current.sourceAtMs = batch.sourceAtMs;
    return batch;
  }

  #tableOf(relation: Relation): SourceTable | 'beat' | undefined {
    let table = this.#byRelation.get(relation);
    if (table === undefined && !this.#byRelation.has(relation)) {
      table = this.#bind(relation);
      this.#byRelation.set(relation, table);
    }
    this.#lastRelation = relation;
    this.#lastTable = table;
    return table;
  }

  #bind(relation: Relation): SourceTable | 'beat' | undefined {
    if (relation.schema === toolSchema && relation.table === 'beat') return 'beat';
    const name = `${relation.schema}.${relation.table}`;
    const flows = this.#flows.get(name);
    if (flows === undefined) return undefined;
    const before = this.#bound.get(name);
    if (before !== undefined && sameLayout(before.relation, relation)) return before;
    const table = bindRelation(relation, flows);
    // Rows of the old layout are not merged with rows of the new one.
    if (before !== undefined) this.current.merger.barrier();
    this.#bound.set(name, table);
    return table;
  }
}

function beatOf(change: RowChange): BeatSeen {
  const { bytes, newAt, relation } = change;
  fieldOffsets(bytes, newAt, fields);
  const text = (name: string) => {
    const place = relation.columns.findIndex((column) => column.name === name);
    return textAt(bytes, fields[place] ?? -1) ?? '';
  };
  return {
    n: BigInt(text('n')),
    epoch: BigInt(text('epoch')),
    owner: text('owner') as Owner,
    at: new Date(
      text('at')
        .replace(' ', 'T')
        .replace(/([+-]\d\d)$/, '$1:00'),
    ),
  };
}
