import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Relation, RowChange } from '../capture/capture.ts';
import { encodeTuple, textAt, fieldOffsets } from '../capture/tuple.ts';
import { Merger, type MergedSegment } from './merge.ts';
import type { SourceTable } from './source-table.ts';

const relation: Relation = {
  id: 1,
  schema: 'public',
  table: 't',
  replicaIdentity: 'd',
  columns: ['note', 'id', 'body'].map((name) => ({
    name,
    identity: name === 'id',
    typeOid: 25,
    typeModifier: -1,
  })),
};
const table: SourceTable = {
  relation,
  flows: [],
  key: [1],
  reads: [0, 1, 2],
  places: new Map([
    ['note', 0],
    ['id', 1],
    ['body', 2],
  ]),
};

function update(values: readonly (string | null | undefined)[]): RowChange {
  return { op: 'update', relation, bytes: encodeTuple(values), newAt: 0, oldAt: -1 };
}

/** The rows of the only segment, as texts. */
function rowsOf(merger: Merger): (string | null | undefined)[][] {
  const [segment, ...more] = merger.segments as MergedSegment[];
  expect(more).toEqual([]);
  const fields: number[] = [];
  return [...(segment?.tables.get(table)?.rows.values() ?? [])].map((row) => {
    fieldOffsets(row.bytes, row.at, fields);
    return fields.map((field) => textAt(row.bytes, field));
  });
}

/** Texts that a careless reading as numbers would take for one another. */
const keyTexts = fc.oneof(
  fc.constantFrom('0', '00', '-0', '-1', '1', '01', '+1', '1.0', '1e3', '1000', '', ' 1', '999999999999999'),
  fc.constantFrom('9007199254740992', '9007199254740993', '1234567890123456'),
  fc.nat().map(String),
  fc.string({ maxLength: 4 }),
);

describe('merging by key', () => {
  it('keeps the last image of each row, and never takes two keys for one', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(keyTexts, fc.string()), { minLength: 1 }), (changes) => {
        const merger = new Merger();
        const wanted = new Map<string, string>();
        for (const [id, note] of changes) {
          merger.add(table, update([note, id, null]));
          wanted.set(id, note);
        }
        expect(merger.rows).toBe(wanted.size);
        expect(rowsOf(merger)).toEqual([...wanted].map(([id, note]) => [note, id, null]));
      }),
    );
  });

  it('keeps a value that later images left unsent, wherever it came first', () => {
    const body = fc.option(fc.string(), { nil: undefined });
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom('1', '2'), body), { minLength: 1 }), (changes) => {
        const merger = new Merger();
        const wanted = new Map<string, string | undefined>();
        for (const [id, value] of changes) {
          merger.add(table, update(['n', id, value]));
          wanted.set(id, value ?? wanted.get(id));
        }
        expect(rowsOf(merger)).toEqual([...wanted].map(([id, value]) => ['n', id, value]));
      }),
    );
  });
});
