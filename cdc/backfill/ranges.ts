import type { Queryable } from '#kernel/db/pool.ts';
import { tableName } from '#kernel/db/sql.ts';
import type { TableFlow } from '#plan/mapping/flow.ts';
import type { Direction } from '#plan/phase.ts';
import { keyOrderOf, type KeyOrder } from './key-order.ts';

/** Rows whose key is above `from` and up to `to`; undefined is open. */
export interface KeyRange {
  from: string | undefined;
  to: string | undefined;
}

/** A range that is in the target. `snapshot` is '' where it was the slot's own, after which the stream begins. */
export interface DoneRange extends KeyRange {
  no: number;
  snapshot: string;
  rows: number;
}

export async function doneRanges(
  target: Queryable,
  group: string,
  direction: Direction,
): Promise<Map<string, DoneRange[]>> {
  const { rows } = await target.query<{
    entry: string;
    range_no: number;
    key_from: string[] | null;
    key_to: string[] | null;
    snapshot: string;
    rows: string;
  }>(
    `select entry, range_no, key_from, key_to, snapshot, rows::text from matapalo.backfill_range
      where group_name = $1 and direction = $2 order by entry, range_no`,
    [group, direction],
  );
  const byEntry = new Map<string, DoneRange[]>();
  for (const row of rows) {
    const list = byEntry.get(row.entry) ?? [];
    list.push({
      no: row.range_no,
      from: row.key_from?.[0],
      to: row.key_to?.[0],
      snapshot: row.snapshot,
      rows: Number(row.rows),
    });
    byEntry.set(row.entry, list);
  }
  return byEntry;
}

/** What is not covered yet, cut at `cuts` (ascending). Pure. */
export function remainingRanges(
  done: readonly KeyRange[],
  cuts: readonly string[],
  compare: (a: string, b: string) => number,
): KeyRange[] {
  const sorted = [...done].sort((a, b) =>
    a.from === undefined ? -1 : b.from === undefined ? 1 : compare(a.from, b.from),
  );
  const gaps: KeyRange[] = [];
  let reached: string | undefined;
  let started = false;
  let finished = false;
  for (const range of sorted) {
    if (
      range.from !== undefined &&
      (!started || (reached !== undefined && compare(reached, range.from) < 0))
    ) {
      gaps.push({ from: reached, to: range.from });
    }
    started = true;
    if (range.to === undefined) finished = true;
    else reached = range.to;
  }
  if (!finished) gaps.push({ from: reached, to: undefined });
  return gaps.flatMap((gap) => cutRange(gap, cuts, compare));
}

function cutRange(
  gap: KeyRange,
  cuts: readonly string[],
  compare: (a: string, b: string) => number,
): KeyRange[] {
  const inside = cuts.filter(
    (cut) =>
      (gap.from === undefined || compare(gap.from, cut) < 0) &&
      (gap.to === undefined || compare(cut, gap.to) < 0),
  );
  const bounds = [gap.from, ...inside, gap.to];
  return bounds.slice(1).map((to, index) => ({ from: bounds[index], to }));
}

/** SQL that is true for a range's rows, over the source's columns; '' for all. */
export function rangeCondition(range: KeyRange, order: KeyOrder | undefined): string {
  if (order === undefined) return '';
  const parts: string[] = [];
  if (range.from !== undefined) parts.push(`${order.sql} > ${order.bound(range.from)}`);
  if (range.to !== undefined) parts.push(`${order.sql} <= ${order.bound(range.to)}`);
  return parts.join(' and ');
}

/** Rows in a table by its statistics, or by its size where it was never analysed. */
export async function estimateRows(db: Queryable, oid: number): Promise<number> {
  const { rows } = await db.query<{ estimate: number }>(
    `with parts as (select relid from pg_partition_tree($1::oid::regclass) where isleaf union select $1::oid::regclass)
     select coalesce(sum(case when c.reltuples > 0 then c.reltuples else pg_relation_size(c.oid) / 100 end), 0)::float8 as estimate
       from parts join pg_class c on c.oid = parts.relid where c.relkind = 'r'`,
    [oid],
  );
  return Math.round(rows[0]?.estimate ?? 0);
}

/** Keys that cut the table in parts of about `rangeRows`, from a sample of its blocks. Any cuts are right; these are even. */
export async function cutKeys(
  db: Queryable,
  flow: TableFlow,
  rows: number,
  rangeRows: number,
): Promise<string[]> {
  const order = keyOrderOf(flow);
  const parts = Math.min(512, Math.ceil(rows / rangeRows));
  if (order === undefined || parts < 2) return [];
  const fractions = Array.from({ length: parts - 1 }, (_, index) => (index + 1) / parts);
  const percent = Math.min(100, Math.max(1, (100 * parts * 200) / rows));
  const { rows: found } = await db.query<{ cuts: string[] | null }>(
    `select percentile_disc($1::float8[]) within group (order by ${order.sql})::text[] as cuts
       from ${tableName(flow.source.ref.name)} tablesample system (${percent})`,
    [fractions],
  );
  const cuts = (found[0]?.cuts ?? []).filter((cut): cut is string => cut !== null);
  return [...new Set(cuts)].sort((a, b) => order.compare(a, b));
}
