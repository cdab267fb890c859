import type { Queryable } from '#kernel/db/pool.ts';
import type { TableRef } from '../compile.ts';

/** A table as its database's catalogs describe it. */
export interface TableShape {
  ref: TableRef;
  oid: number;
  /** `r` ordinary, `p` partitioned, others are refused by preflight. */
  kind: string;
  persistence: string;
  owner: string;
  columns: readonly ColumnShape[];
  primaryKey: readonly string[];
  /** `d` default (primary key), `f` full, `n` nothing, `i` index. */
  replicaIdentity: string;
  /** Columns of the old row that a change carries: the primary key, the identity index's, or all. */
  identityColumns: readonly string[];
  /** Column sets of unique indexes, the primary key included, partial and expression indexes left out. */
  uniqueKeys: readonly (readonly string[])[];
}

export interface ColumnShape {
  name: string;
  /** As `format_type` writes it, with its modifiers: what a cast needs. */
  type: string;
  typeOid: number;
  /** `b` base, `e` enum, `d` domain, `r` range, `c` composite, `m` multirange. */
  typeKind: string;
  /** Collatable, so that ordering by it depends on a collation. */
  collatable: boolean;
  notNull: boolean;
  hasDefault: boolean;
  /** Stored or virtual generated: never written. */
  generated: boolean;
  /** `a` always, `d` by default, '' none. */
  identity: string;
}

/** Undefined where the table does not exist or the role may not see it. */
export async function loadShape(db: Queryable, ref: TableRef): Promise<TableShape | undefined> {
  const table = await db.query<{
    oid: number;
    kind: string;
    persistence: string;
    owner: string;
    identity: string;
  }>(
    `select c.oid::int8::int4 as oid, c.relkind::text as kind, c.relpersistence::text as persistence,
            pg_get_userbyid(c.relowner) as owner, c.relreplident::text as identity
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = $1 and c.relname = $2`,
    [ref.schema, ref.table],
  );
  const found = table.rows[0];
  if (found === undefined) return undefined;
  const columns = await db.query<ColumnShape>(
    `select a.attname as name, format_type(a.atttypid, a.atttypmod) as type, a.atttypid::int8::int4 as "typeOid",
            t.typtype::text as "typeKind", a.attcollation <> 0 as collatable, a.attnotnull as "notNull",
            (a.atthasdef and a.attgenerated = '') or a.attidentity <> '' as "hasDefault",
            a.attgenerated <> '' as generated, a.attidentity::text as identity
       from pg_attribute a join pg_type t on t.oid = a.atttypid
      where a.attrelid = $1 and a.attnum > 0 and not a.attisdropped
      order by a.attnum`,
    [found.oid],
  );
  const indexes = await db.query<{ columns: string[]; primary: boolean; identity: boolean }>(
    `select array(select a.attname::text from unnest(i.indkey::int2[]) with ordinality k(num, pos)
                    join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.num
                   where k.pos <= i.indnkeyatts order by k.pos) as columns,
            i.indisprimary as primary, i.indisreplident as identity
       from pg_index i
      where i.indrelid = $1 and i.indisunique and i.indisvalid and i.indpred is null and i.indexprs is null
      order by i.indisprimary desc, i.indexrelid`,
    [found.oid],
  );
  const primaryKey = indexes.rows.find((index) => index.primary)?.columns ?? [];
  const names = columns.rows.map((column) => column.name);
  const identityColumns =
    found.identity === 'f'
      ? names
      : found.identity === 'd'
        ? primaryKey
        : found.identity === 'i'
          ? (indexes.rows.find((index) => index.identity)?.columns ?? [])
          : [];
  return {
    ref,
    oid: found.oid,
    kind: found.kind,
    persistence: found.persistence,
    owner: found.owner,
    columns: columns.rows,
    primaryKey,
    replicaIdentity: found.identity,
    identityColumns,
    uniqueKeys: indexes.rows.map((index) => index.columns),
  };
}
