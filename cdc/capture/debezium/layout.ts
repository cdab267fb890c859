import type { Codec } from '#plan/mapping/carried-types.ts';
import type { Relation } from '../capture.ts';
import { afterString, afterValue } from './scan.ts';
import type { TableFacts } from '#plan/mapping/carried-columns.ts';

/** The columns of a table's events, in their order, as far as they have been seen and looked up. */
export interface Layout {
  relation: Relation;
  columns: readonly LayoutColumn[];
}

export interface LayoutColumn {
  name: string;
  /** `"name":` as the events have it. */
  key: Buffer;
  /** Undefined for what nothing reads: it is passed over. */
  codec: Codec | undefined;
  /** Not carried exactly, with the reason. */
  refused: string | undefined;
}

/** Keys of a row object as they stand, and the names they mean. */
export function keysOf(bytes: Buffer, objectAt: number): { key: Buffer; name: string }[] {
  const keys: { key: Buffer; name: string }[] = [];
  let at = objectAt + 1;
  while (bytes[at] === 0x22) {
    const end = afterString(bytes, at);
    const key = Buffer.from(bytes.subarray(at, end + 1));
    keys.push({ key, name: JSON.parse(key.toString('utf8', 0, key.length - 1)) as string });
    at = afterValue(bytes, end + 1);
    if (bytes[at] === 0x2c) at++;
  }
  return keys;
}

/**
 * What a table's events look like from now on. `reads` are the columns that the mapping needs. A column that the catalog does
 * not know (any more) has no type, so that whoever reads it is told that it has changed.
 */
export function layoutOf(
  schema: string,
  table: string,
  keys: readonly { key: Buffer; name: string }[],
  facts: TableFacts | undefined,
  reads: ReadonlySet<string> | undefined,
): Layout {
  const columns: LayoutColumn[] = [];
  const described: Relation['columns'][number][] = [];
  for (const { key, name } of keys) {
    const column = facts?.columns.get(name);
    const read = column !== undefined && (reads?.has(name) ?? false);
    const carried = read ? column.carried : undefined;
    columns.push({
      name,
      key,
      codec: carried !== undefined && 'codec' in carried ? carried.codec : undefined,
      refused: carried !== undefined && 'refused' in carried ? carried.refused : undefined,
    });
    described.push({
      name,
      typeOid: column?.typeOid ?? 0,
      typeModifier: column?.typeModifier ?? -1,
      identity: column?.identity ?? false,
    });
  }
  const replicaIdentity = facts?.replicaIdentity ?? 'd';
  return { relation: { id: facts?.oid ?? 0, schema, table, replicaIdentity, columns: described }, columns };
}

export function sameColumns(a: TableFacts | undefined, b: TableFacts | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  if (a.replicaIdentity !== b.replicaIdentity || a.columns.size !== b.columns.size) return false;
  for (const [name, column] of a.columns) {
    const other = b.columns.get(name);
    if (other?.typeOid !== column.typeOid || other.identity !== column.identity) return false;
  }
  return true;
}
