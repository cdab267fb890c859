import { ident, literal } from '#kernel/db/sql.ts';
import type { TableFlow } from '#plan/mapping/flow.ts';

/** An order of a flow's first source key column that PostgreSQL and this process agree on, whatever the collation. */
export interface KeyOrder {
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
  const column = flow.source.columns.find((item) => item.name === name);
  if (column === undefined) return undefined;
  const quoted = ident(column.name);
  if (integers.has(column.typeOid)) {
    return {
      column: column.name,
      sql: quoted,
      bound: (text) => `${literal(text)}::int8`,
      compare: (a, b) => compareIntegers(a, b),
    };
  }
  if (column.typeOid === uuid) {
    return {
      column: column.name,
      sql: quoted,
      bound: (text) => `${literal(text)}::uuid`,
      compare: compareBytes,
    };
  }
  if (texts.has(column.typeOid)) {
    return {
      column: column.name,
      sql: `${quoted} collate "C"`,
      bound: (text) => `${literal(text)}::text`,
      compare: compareBytes,
    };
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
