import type { Queryable } from '#kernel/db/pool.ts';
import type { TableFlow } from '#plan/mapping/flow.ts';
import type { Direction } from '#plan/phase.ts';
import { keyOrderOf, type KeyOrder } from './key-order.ts';
import { doneRanges, type DoneRange } from './ranges.ts';

/**
 * Which events of the stream a later snapshot has already brought. After a crash in a backfill the remaining ranges are
 * read under a newer snapshot than the slot's: an older event of such a row would undo what is there (or hit a
 * secondary unique value), so it is skipped. Once the stream has passed a beat written after the last range there is nothing left to
 * skip: call `settleRanges`, and drop the filter.
 *
 * A change of key is two events: ask for the old key and for the new one. Skip both, or the one: a skipped old key means
 * that no row to delete is there, a skipped new key that the row is there already.
 */
export interface RangeFilter {
  /** `sourceKey`: the flow's source key columns as text, in `flow.key`'s order. `xid` is the top transaction's. */
  skips(entry: string, xid: number, sourceKey: readonly string[]): boolean;
  /** A TRUNCATE that some ranges have seen and others not cannot be applied: stop, and resync. */
  truncate(entry: string, xid: number): 'apply' | 'skip' | 'mixed';
}

export interface Snapshot {
  xmin: bigint;
  xmax: bigint;
  running: ReadonlySet<bigint>;
}

/** Parses `pg_snapshot`'s text, `xmin:xmax:xip,xip`. */
export function parseSnapshot(text: string): Snapshot {
  const [xmin = '0', xmax = '0', running = ''] = text.split(':');
  return {
    xmin: BigInt(xmin),
    xmax: BigInt(xmax),
    running: new Set(running === '' ? [] : running.split(',').map((xid) => BigInt(xid))),
  };
}

/** True where a snapshot sees the (committed) transaction. The stream's xid has 32 bits: it means the nearest to xmax. */
export function sees(snapshot: Snapshot, xid: number): boolean {
  const distance = BigInt.asIntN(32, BigInt(xid) - snapshot.xmax);
  const full = snapshot.xmax + distance;
  if (full >= snapshot.xmax) return false;
  if (full < snapshot.xmin) return true;
  return !snapshot.running.has(full);
}

interface Entry {
  order: KeyOrder | undefined;
  ranges: (DoneRange & { parsed: Snapshot | undefined })[];
}

/** Undefined where nothing is to be skipped, as after a backfill that was never interrupted. */
export async function loadRangeFilter(
  target: Queryable,
  group: string,
  direction: Direction,
  flows: readonly TableFlow[],
): Promise<RangeFilter | undefined> {
  const done = await doneRanges(target, group, direction);
  const entries = new Map<string, Entry>();
  for (const flow of flows) {
    const ranges = done.get(flow.id) ?? [];
    if (ranges.every((range) => range.snapshot === '')) continue;
    const parsed = ranges.map((range) => ({
      ...range,
      parsed: range.snapshot === '' ? undefined : parseSnapshot(range.snapshot),
    }));
    entries.set(flow.id, { order: keyOrderOf(flow), ranges: parsed });
  }
  return entries.size === 0 ? undefined : rangeFilter(entries);
}

function rangeFilter(entries: ReadonlyMap<string, Entry>): RangeFilter {
  return {
    skips(id, xid, sourceKey) {
      const entry = entries.get(id);
      if (entry === undefined) return false;
      const range = entry.ranges.find((item) => contains(item, sourceKey[0] ?? '', entry.order));
      return range?.parsed !== undefined && sees(range.parsed, xid);
    },
    truncate(id, xid) {
      const entry = entries.get(id);
      if (entry === undefined) return 'apply';
      const seen = entry.ranges.filter(
        (range) => range.parsed !== undefined && sees(range.parsed, xid),
      ).length;
      return seen === 0 ? 'apply' : seen === entry.ranges.length ? 'skip' : 'mixed';
    },
  };
}

function contains(range: DoneRange, key: string, order: KeyOrder | undefined): boolean {
  if (order === undefined) return true;
  return (
    (range.from === undefined || order.compare(range.from, key) < 0) &&
    (range.to === undefined || order.compare(key, range.to) <= 0)
  );
}

/**
 * Forgets the snapshots, once the stream has passed them. Needed, not only thrifty: transaction ids come round again, and an
 * old snapshot would then seem to see a new transaction.
 */
export async function settleRanges(target: Queryable, group: string, direction: Direction): Promise<void> {
  await target.query(
    `update matapalo.backfill_range set snapshot = '' where group_name = $1 and direction = $2 and snapshot <> ''`,
    [group, direction],
  );
}
