import type { Queryable } from '#kernel/db/pool.ts';
import { ident } from '#kernel/db/sql.ts';
import type { GroupPlan, TableRef } from '#plan/compile.ts';
import type { SequencePair } from './sequences.ts';

/**
 * Sequences that must go on where the other side's stopped: those that the config names, and those behind identity and
 * serial columns that map onto each other by name alone.
 */
export async function pairSequences(
  group: GroupPlan,
  legacyDb: Queryable,
  serviceDb: Queryable,
): Promise<SequencePair[]> {
  const pairs = new Map<string, SequencePair>();
  const add = (pair: SequencePair) =>
    pairs.set(`${qualified(pair.legacy)}>${qualified(pair.service)}`, {
      legacy: qualified(pair.legacy),
      service: qualified(pair.service),
    });
  group.sequences.forEach(add);
  for (const entry of group.tables) {
    for (const [column, expression] of Object.entries(entry.forward)) {
      const source = plainColumn(expression);
      if (source === undefined) continue;
      const [legacy, service] = await Promise.all([
        serialSequence(legacyDb, entry.legacy, source),
        serialSequence(serviceDb, entry.service, column),
      ]);
      if (legacy !== undefined && service !== undefined) add({ legacy, service });
    }
  }
  return [...pairs.values()];
}

function qualified(name: string): string {
  return name.includes('.') ? name : `public.${name}`;
}

/** The column's name when the expression is nothing else. */
function plainColumn(expression: string): string | undefined {
  const match = /^\s*(?:"((?:[^"]|"")+)"|([A-Za-z_]\w*))\s*$/.exec(expression);
  return match?.[1]?.replaceAll('""', '"') ?? match?.[2]?.toLowerCase();
}

/** Undefined for a column that has none. Names with dots or quotes of their own are named in the config instead. */
async function serialSequence(db: Queryable, table: TableRef, column: string): Promise<string | undefined> {
  const { rows } = await db.query<{ name: string }>(
    `select n.nspname || '.' || s.relname as name
       from pg_attribute a
       join pg_depend d on d.refclassid = 'pg_class'::regclass and d.refobjid = a.attrelid and d.refobjsubid = a.attnum
        and d.classid = 'pg_class'::regclass and d.deptype in ('a', 'i')
       join pg_class s on s.oid = d.objid and s.relkind = 'S'
       join pg_namespace n on n.oid = s.relnamespace
      where a.attrelid = to_regclass($1) and a.attname = $2`,
    [`${ident(table.schema)}.${ident(table.table)}`, column],
  );
  return rows[0]?.name;
}
