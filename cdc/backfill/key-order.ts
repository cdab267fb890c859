import { ident, literal } from '#kernel/db/sql.ts';
import type { TableFlow } from '#plan/mapping/flow.ts';
import type { ColumnShape } from '#plan/mapping/shape.ts';

/** An order of a flow's first source key column that PostgreSQL and this process agree on, whatever the collation. */
export interface KeyOrder {
  /** Columns of one kind sort alike on both sides. */
  kind: 'integer' | 'uuid' | 'text';
  column: string;
  /** The column as ranges compare and sort it. */
  sql: string;
  /** A bound, given as text. */
  bound: (text: string) => string;
  compare: (a: string, b: string) => number;
}

const integers = new Set([20, 21, 23]);
const uuid = 2950;
const texts = new Set([25, 1043]);

/** Undefined for types whose text does not sort here as the server sorts them: such a table is one range. */
export function keyOrderOf(flow: TableFlow): KeyOrder | undefined {
  const name = flow.key[0]?.source;
  return columnOrder(flow.source.columns.find((item) => item.name === name));
}

export function columnOrder(column: ColumnShape | undefined): KeyOrder | undefined {
  if (column === undefined) return undefined;
  const quoted = ident(column.name);
  if (integers.has(column.typeOid)) {
    return {
      kind: 'integer',
      column: column.name,
      sql: quoted,
      bound: (text) => `${literal(text)}::int8`,
      compare: compareIntegers,
    };
  }
  if (column.typeOid === uuid) {
    const bound = (text: string) => `${literal(text)}::uuid`;
    return { kind: 'uuid', column: column.name, sql: quoted, bound, compare: compareBytes };
  }
  if (texts.has(column.typeOid)) {
    const bound = (text: string) => `${literal(text)}::text`;
    return { kind: 'text', column: column.name, sql: `${quoted} collate "C"`, bound, compare: compareBytes };
  }
  return undefined;
}

function compareIntegers(a: string, b: string): number {
  const x = BigInt(a);
  const y = BigInt(b);
  return x < y ? -1 : x > y ? 1 : 0;
}

/** UTF-8 bytes, as COLLATE "C" does: code units would put U+FFFF above U+1F600. */
function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
