import type { RowChange } from '../capture/capture.ts';
import {
  fieldAt,
  fieldOffsets,
  int32At,
  kindText,
  kindUnchanged,
  sameFields,
  tupleEnd,
} from '../capture/tuple.ts';
import type { SourceTable } from './source-table.ts';

/** What a batch will do with one row. `replace` deletes it and inserts it anew, so that unmapped columns start over. */
export type RowAction = 'upsert' | 'replace' | 'delete';

export interface RowState {
  action: RowAction;
  /** The newest image, or, for a delete, the old row's key. */
  bytes: Buffer;
  at: number;
  /** Some column's value was not sent (unchanged TOAST) and no earlier image of the batch has it. */
  partial: boolean;
  /** Flows that apply it, as bits by their place in the table's list; the others have read a newer row already. */
  flows: number;
}

/** A short number's text as a number, anything else as text: the one is made and found faster than the other. */
type RowKey = string | number;

/** Images of one table, merged by key. */
export interface TableRows {
  table: SourceTable;
  rows: Map<RowKey, RowState>;
}

/** A stretch of the stream whose rows can be applied as sets, in any order. */
export interface MergedSegment {
  kind: 'merged';
  tables: Map<SourceTable, TableRows>;
}

/** A change of a row's key: it depends on the order, so it stands alone. */
export interface RekeySegment {
  kind: 'rekey';
  table: SourceTable;
  oldBytes: Buffer;
  oldAt: number;
  bytes: Buffer;
  at: number;
  partial: boolean;
  flows: number;
}

export interface TruncateSegment {
  kind: 'truncate';
  tables: readonly SourceTable[];
}

export type Segment = MergedSegment | RekeySegment | TruncateSegment;

export const allFlows = 0x7fff_ffff;

const oldFields: number[] = [];
const newFields: number[] = [];

/**
 * Merges changes into segments: within one, only the last state of each row is left. Merging is column by column: an update
 * that leaves a TOASTed value unsent keeps the one of the image before it.
 */
export class Merger {
  readonly segments: Segment[] = [];
  /** Rows that will be written. */
  rows = 0;
  #open: MergedSegment | undefined;
  #last: TableRows | undefined;

  add(table: SourceTable, change: RowChange, flows = allFlows): void {
    const rows = this.#rowsOf(table);
    if (change.op === 'delete') {
      fieldOffsets(change.bytes, change.oldAt, oldFields);
      const key = keyOf(change.bytes, oldFields, table.key);
      const before = rows.rows.get(key);
      if (before === undefined) this.rows++;
      rows.rows.set(key, {
        action: 'delete',
        bytes: change.bytes,
        at: change.oldAt,
        partial: false,
        flows: flows | (before?.flows ?? 0),
      });
      return;
    }
    let { bytes, newAt: at } = change;
    if (change.oldAt < 0 && table.key.length === 1) {
      const field = fieldAt(bytes, at, table.key[0]!);
      // All was sent, and the key is what it was: by far the most changes.
      if (field > 0) return this.#put(rows, valueKey(bytes, field), bytes, at, flows);
    }
    fieldOffsets(bytes, at, newFields);
    if (change.op === 'update' && change.oldAt >= 0) {
      fieldOffsets(bytes, change.oldAt, oldFields);
      if (change.relation.replicaIdentity === 'f') {
        // The old row was sent whole: it has what the new one left out.
        const filled = fill(bytes, at, newFields, bytes, oldFields);
        if (filled !== undefined) {
          bytes = filled;
          at = 0;
          fieldOffsets(bytes, at, newFields);
          fieldOffsets(change.bytes, change.oldAt, oldFields);
        }
      }
      if (!sameFields(change.bytes, oldFields, bytes, newFields, table.key)) {
        this.#rekey(table, change, bytes, at, flows);
        return;
      }
    }
    const key = keyOf(bytes, newFields, table.key);
    const partial = isPartial(bytes, newFields, table.reads);
    const before = partial ? rows.rows.get(key) : undefined;
    if (before === undefined || before.action === 'delete') {
      this.#put(rows, key, bytes, at, flows, partial);
      return;
    }
    fieldOffsets(before.bytes, before.at, oldFields);
    const filled = fill(bytes, at, newFields, before.bytes, oldFields);
    before.bytes = filled ?? bytes;
    before.at = filled === undefined ? at : 0;
    fieldOffsets(before.bytes, before.at, newFields);
    before.partial = isPartial(before.bytes, newFields, table.reads);
    before.flows |= flows;
  }

  #put({ rows }: TableRows, key: RowKey, bytes: Buffer, at: number, flows: number, partial = false): void {
    const before = rows.get(key);
    if (before === undefined) {
      this.rows++;
      rows.set(key, { action: 'upsert', bytes, at, partial, flows });
      return;
    }
    before.bytes = bytes;
    before.at = at;
    before.partial = partial;
    if (before.action === 'delete') before.action = 'replace';
    before.flows |= flows;
  }

  truncate(tables: readonly SourceTable[]): void {
    this.barrier();
    this.segments.push({ kind: 'truncate', tables });
    this.rows++;
  }

  #rekey(table: SourceTable, change: RowChange, bytes: Buffer, at: number, flows: number): void {
    this.barrier();
    this.segments.push({
      kind: 'rekey',
      table,
      oldBytes: change.bytes,
      oldAt: change.oldAt,
      bytes,
      at,
      partial: isPartial(bytes, newFields, table.reads),
      flows,
    });
    this.rows++;
  }

  /** What follows is applied after all before it. */
  barrier(): void {
    this.#open = undefined;
    this.#last = undefined;
  }

  #rowsOf(table: SourceTable): TableRows {
    if (this.#last?.table === table) return this.#last;
    if (this.#open === undefined) {
      this.#open = { kind: 'merged', tables: new Map() };
      this.segments.push(this.#open);
    }
    let rows = this.#open.tables.get(table);
    if (rows === undefined) {
      rows = { table, rows: new Map() };
      this.#open.tables.set(table, rows);
    }
    this.#last = rows;
    return rows;
  }
}

/** The key's bytes as a map key; several columns are told apart by their lengths. */
function keyOf(bytes: Buffer, fields: readonly number[], key: readonly number[]): RowKey {
  if (key.length === 1) return valueKey(bytes, fields[key[0]!]!);
  let text = '';
  for (const index of key) {
    const at = fields[index]!;
    if (bytes[at] === kindText) {
      const length = int32At(bytes, at + 1);
      text += `${length}:${bytes.toString('latin1', at + 5, at + 5 + length)}`;
    } else text += '-';
  }
  return text;
}

/** Each text has one form, so that no two are taken for one: only what reads back the same becomes a number. */
function valueKey(bytes: Buffer, at: number): RowKey {
  if (bytes[at] !== kindText) return '\0';
  const start = at + 5;
  const length = int32At(bytes, at + 1);
  if (length === 0 || length > 15 || (bytes[start] === 0x30 && length > 1)) {
    return bytes.toString('latin1', start, start + length);
  }
  let number = 0;
  for (let i = start; i < start + length; i++) {
    const digit = bytes[i]! - 0x30;
    if (digit < 0 || digit > 9) return bytes.toString('latin1', start, start + length);
    number = number * 10 + digit;
  }
  return number;
}

function isPartial(bytes: Buffer, fields: readonly number[], reads: readonly number[]): boolean {
  for (const index of reads) if (bytes[fields[index]!] === kindUnchanged) return true;
  return false;
}

/** A tuple of `bytes` whose unsent columns are taken from another; undefined when none was unsent. */
function fill(
  bytes: Buffer,
  at: number,
  fields: readonly number[],
  from: Buffer,
  fromFields: readonly number[],
): Buffer | undefined {
  if (!fields.some((field) => bytes[field] === kindUnchanged)) return undefined;
  const end = tupleEnd(bytes, at);
  const parts: Buffer[] = [bytes.subarray(at, at + 2)];
  for (let i = 0; i < fields.length; i++) {
    const own = fields[i]!;
    if (bytes[own] === kindUnchanged && fromFields[i] !== undefined) {
      const other = fromFields[i]!;
      parts.push(
        from.subarray(other, from[other] === kindText ? other + 5 + int32At(from, other + 1) : other + 1),
      );
    } else parts.push(bytes.subarray(own, fields[i + 1] ?? end));
  }
  return Buffer.concat(parts);
}
