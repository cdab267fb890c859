import type { Queryable } from '#kernel/db/pool.ts';
import type { TableFlow } from '#plan/mapping/flow.ts';
import { columnOrder, type KeyOrder } from '#cdc/backfill/key-order.ts';
import {
  cutKeys,
  estimateRows,
  rangeCondition,
  remainingRanges,
  type KeyRange,
} from '#cdc/backfill/ranges.ts';
import { bucketRowsSql, bucketSumsSql, plainSource, sumsSql } from './row-sql.ts';
import type { Readers } from './sides.ts';

/** How a target row differs from what the source's row maps to. `key` holds the target's key columns as text. */
export interface Difference {
  kind: 'missing' | 'extra' | 'different';
  key: readonly string[];
}

/** One chunk's outcome: rows on the source, and candidates, which may be no more than changes on their way. */
export interface ChunkResult {
  range: KeyRange;
  rows: number;
  candidates: Difference[];
}

/** Rows hashed in one statement: no snapshot is held for longer. */
export const chunkRows = 100_000;
const bucketRows = 1_000;
const rowsInMemory = 20_000;

/**
 * Compares a flow chunk by chunk; `after` is where an earlier run had come to. Equal chunks cost one statement a side, at
 * the same time; unequal ones are narrowed to buckets of keys, then to keys.
 */
export async function* compareFlow(
  readers: Readers,
  flow: TableFlow,
  after: string | undefined,
): AsyncGenerator<ChunkResult> {
  const orders = rangeOrders(flow);
  const estimate = await estimateRows(readers.source, flow.source.oid);
  const cuts = orders ? await cutKeys(readers.source, flow, estimate, chunkRows) : [];
  const compare = orders?.source.compare ?? (() => 0);
  const done: KeyRange[] = after === undefined ? [] : [{ from: undefined, to: after }];
  const ranges = remainingRanges(done, cuts, compare);
  for (const range of ranges) {
    const where = {
      source: rangeCondition(range, orders?.source),
      target: rangeCondition(range, orders?.target),
    };
    const [source, target] = await Promise.all([
      sums(readers.source, sumsSql(flow, 'source', where.source)),
      sums(readers.target, sumsSql(flow, 'target', where.target)),
    ]);
    const equal = source.rows === target.rows && source.sum === target.sum;
    const rows = Math.max(Number(source.rows), Number(target.rows));
    const candidates = equal ? [] : await narrow(readers, flow, where, rows);
    yield { range, rows: Number(source.rows), candidates };
  }
}

/** Set where the first key column is a plain copy of one kind, so that a range means the same rows on both sides. */
function rangeOrders(flow: TableFlow): { source: KeyOrder; target: KeyOrder } | undefined {
  const first = flow.key[0];
  const column = flow.columns.find((item) => item.name === first?.target);
  const plain = plainSource(flow, column);
  if (first === undefined || plain?.name !== first.source) return undefined;
  const source = columnOrder(plain);
  const target = columnOrder(flow.target.columns.find((item) => item.name === first.target));
  return source && target && source.kind === target.kind ? { source, target } : undefined;
}

async function sums(db: Queryable, sql: string): Promise<{ rows: string; sum: string }> {
  const { rows } = await db.query<{ rows: string; sum: string }>(sql);
  return rows[0] ?? { rows: '0', sum: '0' };
}

async function narrow(
  readers: Readers,
  flow: TableFlow,
  where: { source: string; target: string },
  rows: number,
): Promise<Difference[]> {
  const buckets = 2 ** Math.max(0, Math.ceil(Math.log2(Math.max(1, rows / bucketRows))));
  const unequal = buckets === 1 ? [0] : await unequalBuckets(readers, flow, where, buckets);
  const differences: Difference[] = [];
  const turn = Math.max(1, Math.floor(rowsInMemory / bucketRows));
  for (let at = 0; at < unequal.length; at += turn) {
    const part = unequal.slice(at, at + turn);
    const [source, target] = await Promise.all([
      hashesByKey(readers.source, bucketRowsSql(flow, 'source', where.source, buckets), part),
      hashesByKey(readers.target, bucketRowsSql(flow, 'target', where.target, buckets), part),
    ]);
    differences.push(...differencesOf(source, target, flow.anchor));
  }
  return differences;
}

async function unequalBuckets(
  readers: Readers,
  flow: TableFlow,
  where: { source: string; target: string },
  buckets: number,
): Promise<number[]> {
  const read = async (db: Queryable, sql: string) => {
    const { rows } = await db.query<{ bucket: number; sum: string }>(sql);
    return new Map(rows.map((row) => [row.bucket, row.sum]));
  };
  const [source, target] = await Promise.all([
    read(readers.source, bucketSumsSql(flow, 'source', where.source, buckets)),
    read(readers.target, bucketSumsSql(flow, 'target', where.target, buckets)),
  ]);
  return [...new Set([...source.keys(), ...target.keys()])].filter((b) => source.get(b) !== target.get(b));
}

type Hashes = Map<string, { key: string[]; hash: string }>;

async function hashesByKey(db: Queryable, sql: string, buckets: number[]): Promise<Hashes> {
  const { rows } = await db.query<{ key: string[]; hash: string }>(sql, [buckets]);
  const hashes: Hashes = new Map();
  for (const { key, hash } of rows) {
    const id = keyId(key);
    const twin = hashes.get(id);
    // Rows of one key (a table without a unique key): they cannot all be in the target.
    hashes.set(id, { key, hash: twin === undefined ? hash : `${twin.hash},${hash}` });
  }
  return hashes;
}

/** Pure. An entry that only fills columns neither makes nor removes rows. */
export function differencesOf(source: Hashes, target: Hashes, anchor: boolean): Difference[] {
  const found: Difference[] = [];
  for (const [id, { key, hash }] of source) {
    const other = target.get(id);
    if (other === undefined) {
      if (anchor) found.push({ kind: 'missing', key });
    } else if (other.hash !== hash) found.push({ kind: 'different', key });
  }
  if (anchor) {
    for (const [id, { key }] of target) if (!source.has(id)) found.push({ kind: 'extra', key });
  }
  return found;
}

export const keyId = (key: readonly string[]): string => JSON.stringify(key);
