import type { Queryable } from '#kernel/db/pool.ts';
import { ident } from '#kernel/db/sql.ts';
import { toolSchema } from '#plan/names.ts';

const prefix = 'refused_';

/** Counts the writes to a group's tables that the guard refused in one database. */
export function refusalSequence(group: string): string {
  return `${toolSchema}.${ident(prefix + group)}`;
}

/**
 * Writes that the guard of this database has refused, by group, since the group was first synced. A crash of the server may
 * add up to 32 to a count that is not 0. Groups without a guard are absent.
 */
export async function readRefusals(db: Queryable): Promise<ReadonlyMap<string, number>> {
  const { rows } = await db.query<{ name: string; count: string }>(
    `select sequencename as name, coalesce(last_value, 0)::text as count from pg_sequences
      where schemaname = '${toolSchema}' and starts_with(sequencename, '${prefix}')`,
  );
  return new Map(rows.map(({ name, count }) => [name.slice(prefix.length), Number(count)]));
}
