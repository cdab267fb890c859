import type { Queryable } from '#kernel/db/pool.ts';
import { ident, tableName } from '#kernel/db/sql.ts';
import type { TableFlow } from '#plan/mapping/flow.ts';
import { keyId } from './compare-flow.ts';
import { lookupSql } from './row-sql.ts';

/** A source row's image: every mapped target column as text, and the mark of the version that was read. */
export interface Image {
  key: readonly string[];
  xmin: string;
  values: readonly (string | null)[];
}

export type Key = readonly string[];

/** The images of exactly these keys, as the source has them now (or in its snapshot). */
export async function readImages(
  source: Queryable,
  flow: TableFlow,
  keys: readonly Key[],
): Promise<Map<string, Image>> {
  const columns = keys[0]?.map((_, index) => keys.map((key) => key[index])) ?? [];
  const { rows } = await source.query<{ key: string[]; xmin: string; values: (string | null)[] }>(
    lookupSql(flow, 'source', { values: true }),
    columns,
  );
  const wanted = new Set(keys.map(keyId));
  return new Map(rows.filter((row) => wanted.has(keyId(row.key))).map((row) => [keyId(row.key), row]));
}

export interface Repaired {
  inserted: number;
  updated: number;
  deleted: number;
}

/**
 * Makes the target's rows of these keys what the images say; a key without an image is deleted. Mapped columns only: what the
 * other side does not model stays. Call it in a transaction of a `targetSession`.
 */
export async function writeImages(
  target: Queryable,
  flow: TableFlow,
  keys: readonly Key[],
  images: ReadonlyMap<string, Image>,
): Promise<Repaired> {
  const table = tableName(flow.target.ref.name);
  const done: Repaired = { inserted: 0, updated: 0, deleted: 0 };
  const given = [...images.values()];
  const gone = keys.filter((key) => !images.has(keyId(key)));
  const keyColumns = flow.columns.filter((column) => column.isKey);
  const others = flow.columns.filter((column) => !column.isKey);
  const match = keyColumns
    .map((column) => `t.${ident(column.name)} = v.${ident(column.name)}::${column.type}`)
    .join(' and ');
  if (gone.length > 0 && flow.anchor) {
    const inputs = keyColumns.map((_, index) => `$${index + 1}::text[]`).join(', ');
    const names = keyColumns.map((column) => ident(column.name)).join(', ');
    const { rowCount } = await target.query(
      `delete from ${table} t using unnest(${inputs}) v(${names}) where ${match}`,
      keyColumns.map((_, index) => gone.map((key) => key[index])),
    );
    done.deleted = rowCount ?? 0;
  }
  if (given.length === 0) return done;
  const inputs = flow.columns.map((_, index) => `$${index + 1}::text[]`).join(', ');
  const names = flow.columns.map((column) => ident(column.name)).join(', ');
  const rows = `unnest(${inputs}) v(${names})`;
  const values = flow.columns.map((_, index) => given.map((image) => image.values[index] ?? null));
  if (others.length > 0) {
    const set = others
      .map((column) => `${ident(column.name)} = v.${ident(column.name)}::${column.type}`)
      .join(', ');
    const { rowCount } = await target.query(
      `update ${table} t set ${set} from ${rows} where ${match}`,
      values,
    );
    done.updated = rowCount ?? 0;
  }
  if (flow.anchor) {
    const list = flow.columns.map((column) => `v.${ident(column.name)}::${column.type}`).join(', ');
    const { rowCount } = await target.query(
      `insert into ${table} (${names}) overriding system value
       select ${list} from ${rows} where not exists (select from ${table} t where ${match})`,
      values,
    );
    done.inserted = rowCount ?? 0;
  }
  return done;
}
