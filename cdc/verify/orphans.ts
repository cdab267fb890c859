import type { Queryable } from '#kernel/db/pool.ts';
import { ident } from '#kernel/db/sql.ts';
import { tablesOf } from '#guard/install.ts';
import type { GroupPlan } from '#plan/compile.ts';
import type { Side } from '#plan/phase.ts';

/** Rows of a table whose foreign key points nowhere: the replica role does not check foreign keys. */
export interface Orphans {
  table: string;
  constraint: string;
  rows: number;
}

export async function countOrphans(db: Queryable, group: GroupPlan, side: Side): Promise<Orphans[]> {
  const tables = tablesOf(group, side).map((table) => `${ident(table.schema)}.${ident(table.table)}`);
  const { rows: keys } = await db.query<{
    name: string;
    child: string;
    parent: string;
    columns: string[];
    referred: string[];
  }>(
    `select c.conname::text as name, c.conrelid::regclass::text as child, c.confrelid::regclass::text as parent,
            array(select a.attname::text from unnest(c.conkey) with ordinality k(num, pos)
                    join pg_attribute a on a.attrelid = c.conrelid and a.attnum = k.num order by k.pos) as columns,
            array(select a.attname::text from unnest(c.confkey) with ordinality k(num, pos)
                    join pg_attribute a on a.attrelid = c.confrelid and a.attnum = k.num order by k.pos) as referred
       from pg_constraint c
      where c.contype = 'f' and c.conparentid = 0 and c.conrelid = any($1::regclass[]) and c.confrelid = any($1::regclass[])`,
    [tables],
  );
  const found: Orphans[] = [];
  for (const key of keys) {
    const match = key.columns.map((name, at) => `p.${ident(key.referred[at] ?? '')} = c.${ident(name)}`);
    const given = key.columns.map((name) => `c.${ident(name)} is not null`);
    const { rows } = await db.query<{ rows: string }>(
      `select count(*)::text as rows from ${key.child} c
        where ${given.join(' and ')} and not exists (select from ${key.parent} p where ${match.join(' and ')})`,
    );
    const count = Number(rows[0]?.rows ?? 0);
    if (count > 0) found.push({ table: key.child, constraint: key.name, rows: count });
  }
  return found;
}
