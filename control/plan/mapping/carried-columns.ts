import type { Queryable } from '#kernel/db/pool.ts';
import { carriedByDebezium, type Carried } from './carried-types.ts';

/** What a change's JSON does not say: types, and which columns tell rows apart. */
export interface TableFacts {
  oid: number;
  replicaIdentity: string;
  columns: ReadonlyMap<string, ColumnFacts>;
}

export interface ColumnFacts {
  typeOid: number;
  typeModifier: number;
  identity: boolean;
  carried: Carried;
}

interface Row {
  schema: string;
  table: string;
  oid: string;
  replident: string;
  name: string;
  type: string;
  modifier: number;
  identity: boolean;
  base: string;
  base_modifier: number;
  kind: string;
  type_name: string;
  built_in: boolean;
}

/** Tables by `schema.table`; what does not exist is left out. */
export async function readCatalog(
  db: Queryable,
  tables: readonly string[],
): Promise<Map<string, TableFacts>> {
  const { rows } = await db.query<Row>(
    `with recursive wanted as (
       select c.oid, n.nspname, c.relname, c.relreplident, a.attname, a.attnum, a.atttypid, a.atttypmod
         from pg_class c join pg_namespace n on n.oid = c.relnamespace
         join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        where n.nspname || '.' || c.relname = any($1)),
     base as (
       select oid, attnum, atttypid as type, atttypmod as modifier, 0 as level from wanted
       union all
       select b.oid, b.attnum, t.typbasetype, case when t.typtypmod = -1 then b.modifier else t.typtypmod end, level + 1
         from base b join pg_type t on t.oid = b.type where t.typtype = 'd')
     select w.nspname as schema, w.relname as table, w.oid::text, w.relreplident::text as replident, w.attname as name,
            w.atttypid::int8::text as type, w.atttypmod as modifier, b.type::int8::text as base, b.modifier as base_modifier,
            t.typtype::text as kind, t.typname as type_name, t.typnamespace = 'pg_catalog'::regnamespace as built_in,
            w.relreplident = 'f' or exists (
              select from pg_index i where i.indrelid = w.oid and w.attnum = any(i.indkey::int2[])
                 and (w.relreplident = 'd' and i.indisprimary or w.relreplident = 'i' and i.indisreplident)) as identity
       from wanted w
       join lateral (select * from base b where b.oid = w.oid and b.attnum = w.attnum order by level desc limit 1) b on true
       join pg_type t on t.oid = b.type`,
    [tables],
  );
  const found = new Map<string, TableFacts & { columns: Map<string, ColumnFacts> }>();
  for (const row of rows) {
    const id = `${row.schema}.${row.table}`;
    let table = found.get(id);
    if (table === undefined) {
      table = { oid: Number(row.oid), replicaIdentity: row.replident, columns: new Map() };
      found.set(id, table);
    }
    table.columns.set(row.name, {
      typeOid: Number(row.type),
      typeModifier: row.modifier,
      identity: row.identity,
      carried: carriedByDebezium({
        oid: Number(row.base),
        kind: row.kind,
        name: row.type_name,
        builtIn: row.built_in,
        modifier: row.base_modifier,
      }),
    });
  }
  return found;
}
