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

/** Takes a half copy back whose slot is gone: nothing could bring it up to date. Only what the tool has filled. */
export async function emptyTargets(pool: pg.Pool, group: string, flows: readonly TableFlow[]): Promise<void> {
  const client = await targetSession(pool, group, 'forward', 'empty');
  try {
    await client.query('begin');
    for (const flow of [...flows].reverse()) {
      // DELETE, not TRUNCATE: other tables may refer to this one.
      if (flow.anchor) await client.query(`delete from ${tableName(flow.target.ref.name)}`);
    }
    await client.query(
      `delete from matapalo.backfill_range where group_name = $1 and direction = 'forward'`,
      [group],
    );
    await client.query('commit');
  } finally {
    client.release(true);
  }
  await dropSessionOrigins(pool, group, 'forward', ['empty']);
}
