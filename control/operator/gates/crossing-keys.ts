import { ident } from '#kernel/db/sql.ts';
import type { Queryable } from '#kernel/db/pool.ts';
import { tablesOf } from '#guard/install.ts';
import { met, unmet, type Gate } from './gate.ts';

export interface CrossingKey {
  name: string;
  table: string;
  references: string;
}

/** Foreign keys with exactly one end inside the group. */
export async function findCrossingKeys(db: Queryable, tables: readonly string[]): Promise<CrossingKey[]> {
  const { rows } = await db.query<CrossingKey>(
    `with inside as (select to_regclass(name)::oid as oid from unnest($1::text[]) name)
     select conname as name, conrelid::regclass::text as table, confrelid::regclass::text as references
       from pg_constraint
      where contype = 'f' and conparentid = 0
        and (conrelid in (select oid from inside)) <> (confrelid in (select oid from inside))`,
    [tables],
  );
  return rows;
}

/** Pure. Reverse sync would leave orphans behind such a key, or be refused by it. */
export function judgeCrossingKeys(keys: readonly (CrossingKey & { side: string })[]) {
  if (keys.length === 0) return met('no foreign key crosses the group');
  const first = keys[0];
  return unmet(
    keys.map((key) => `${key.side}: ${key.table}.${key.name} references ${key.references}`).join('; '),
    `ALTER TABLE ${first?.table} DROP CONSTRAINT ${ident(first?.name ?? '')}`,
  );
}

export const crossingKeysGate: Gate = {
  name: 'foreign-keys',
  kinds: ['switch', 'retire'],
  check: async ({ op, group }) => {
    const keys: (CrossingKey & { side: string })[] = [];
    for (const side of ['legacy', 'service'] as const) {
      const names = tablesOf(group, side).map((table) => `${ident(table.schema)}.${ident(table.table)}`);
      for (const key of await findCrossingKeys(op.databases.of(group, side), names))
        keys.push({ ...key, side });
    }
    return judgeCrossingKeys(keys);
  },
};
