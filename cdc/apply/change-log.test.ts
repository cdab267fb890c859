import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChangeLog, type LoggedChange } from './change-log.ts';
import { allFlows } from './merge.ts';
import { bindRelation } from './source-table.ts';

const relation = (id: number) => ({
  id,
  schema: 'public',
  table: `t${id}`,
  replicaIdentity: 'd',
  columns: [],
});
const tables = [1, 2].map((id) => bindRelation(relation(id), []));
const buffers = [1, 2, 3].map((size) => Buffer.alloc(size));
const at = fc.integer({ min: -1, max: 2 ** 31 - 1 });

const row = fc.record({
  major: fc.bigInt({ min: 0n, max: 3n }),
  minor: fc.nat(),
  table: fc.constantFrom(...tables),
  op: fc.constantFrom('insert' as const, 'update' as const, 'delete' as const),
  bytes: fc.constantFrom(...buffers),
  newAt: at,
  oldAt: at,
  flows: fc.constantFrom(1, 2, allFlows),
  truncated: fc.constant([]),
});
const truncation = fc.record({
  major: fc.bigInt({ min: 0n, max: 3n }),
  minor: fc.nat(),
  table: fc.constant(undefined),
  op: fc.constant('truncate' as const),
  bytes: fc.constant(Buffer.alloc(0)),
  newAt: fc.constant(-1),
  oldAt: fc.constant(-1),
  flows: fc.constant(allFlows),
  truncated: fc.subarray(tables, { minLength: 1 }),
});

describe('the log of a batch', () => {
  it('gives back every change as it came, in order', () => {
    const changes = fc.array(fc.oneof({ weight: 9, arbitrary: row }, { weight: 1, arbitrary: truncation }), {
      maxLength: 300,
    });
    fc.assert(
      fc.property(changes, (given) => {
        const log = new ChangeLog();
        for (const one of given as LoggedChange[]) {
          const { major, minor, table, op, bytes, newAt, oldAt, flows, truncated } = one;
          if (table === undefined || op === 'truncate') log.truncate(major, minor, truncated, flows);
          else log.add(major, minor, table, { op, relation: table.relation, bytes, newAt, oldAt }, flows);
        }
        expect(log.length).toBe(given.length);
        const read = [...log];
        expect(read).toEqual(given);
        // The same memory, not a copy of it.
        read.forEach((one, i) => expect(one.table).toBe(given[i]?.table));
      }),
    );
  });
});
