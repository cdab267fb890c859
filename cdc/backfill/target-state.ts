import type pg from 'pg';
import { MatapaloError } from '#kernel/errors.ts';
import type { Queryable } from '#kernel/db/pool.ts';
import { tableName } from '#kernel/db/sql.ts';
import type { TableFlow } from '#plan/mapping/flow.ts';
import { keyOrderOf } from './key-order.ts';
import { doneRanges, remainingRanges, type DoneRange } from './ranges.ts';
import { dropSessionOrigins, targetSession } from './sessions.ts';

/** True once every entry has been copied in full. */
export function isComplete(
  flows: readonly TableFlow[],
  done: ReadonlyMap<string, readonly DoneRange[]>,
): boolean {
  return flows.every((flow) => {
    const order = keyOrderOf(flow);
    return remainingRanges(done.get(flow.id) ?? [], [], order?.compare ?? (() => 0)).length === 0;
  });
}

/** The statement that empties the targets of a group's entries: reviewed and run by a person. */
export function emptyingStatement(flows: readonly TableFlow[]): string {
  const tables = [...new Set(flows.map((flow) => tableName(flow.target.ref.name)))];
  return `TRUNCATE ${tables.join(', ')};`;
}

/** Target tables with rows that no backfill has brought. */
export async function foreignRows(
  target: Queryable,
  flows: readonly TableFlow[],
  done: ReadonlyMap<string, readonly DoneRange[]>,
): Promise<string[]> {
  const tables: string[] = [];
  for (const flow of flows) {
    if (!flow.anchor || (done.get(flow.id) ?? []).length > 0) continue;
    const { rowCount } = await target.query(`select from ${tableName(flow.target.ref.name)} limit 1`);
    if (rowCount !== 0) tables.push(flow.target.ref.name);
  }
  return tables;
}

export async function refuseForeignRows(
  target: Queryable,
  group: string,
  flows: readonly TableFlow[],
): Promise<void> {
  const tables = await foreignRows(target, flows, await doneRanges(target, group, 'forward'));
  if (tables.length === 0) return;
  throw new MatapaloError(
    'preflight-failed',
    `The service's ${tables.join(', ')} ${tables.length === 1 ? 'holds' : 'hold'} rows that the tool did not copy.`,
    {
      hint: `Look at them; when they may go: matapalo abort, then ${emptyingStatement(flows)} in the service's database, then matapalo sync.`,
    },
  );
}

/** Takes copied rows back, of these entries: nothing could bring them up to date. Only what the tool has filled. */
export async function emptyTargets(pool: pg.Pool, group: string, flows: readonly TableFlow[]): Promise<void> {
  const client = await targetSession(pool, group, 'forward', 'empty');
  try {
    await client.query('begin');
    for (const flow of [...flows].reverse()) {
      // DELETE, not TRUNCATE: other tables may refer to this one.
      if (flow.anchor) await client.query(`delete from ${tableName(flow.target.ref.name)}`);
    }
    await client.query(
      `delete from matapalo.backfill_range where group_name = $1 and direction = 'forward' and entry = any($2::text[])`,
      [group, flows.map((flow) => flow.id)],
    );
    await client.query('commit');
  } finally {
    client.release(true);
  }
  await dropSessionOrigins(pool, group, 'forward', ['empty']);
}

/**
 * Entries that cannot go on under a later snapshot: half copied, with a unique index besides the key. A value that moved between
 * rows meanwhile would be on both: on one in an old range, on the other in a new one. They begin anew, in one
 * snapshot; whole ones, and those without such an index, are kept.
 */
export async function notResumable(
  target: Queryable,
  flows: readonly TableFlow[],
  done: ReadonlyMap<string, readonly DoneRange[]>,
): Promise<TableFlow[]> {
  const found: TableFlow[] = [];
  for (const flow of flows) {
    const before = done.get(flow.id) ?? [];
    if (before.length === 0 || isComplete([flow], done)) continue;
    const { rows } = await target.query<{ columns: string[] | null }>(
      `select case when i.indisexclusion or i.indpred is not null or i.indexprs is not null then null
                   else array(select a.attname::text from unnest(i.indkey::int2[]) with ordinality k(num, pos)
                                join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.num
                               where k.pos <= i.indnkeyatts) end as columns
         from pg_index i where i.indrelid = $1 and (i.indisunique or i.indisexclusion)`,
      [flow.target.oid],
    );
    const key = new Set(flow.key.map((pair) => pair.target));
    const besides = rows.some(
      ({ columns }) => columns === null || ![...key].every((name) => columns.includes(name)),
    );
    if (besides) found.push(flow);
  }
  return found;
}
