/** A batch is closed, and the source told to wait, when one of these is reached. */
export interface BatchLimits {
  /** Distinct rows that will be written. */
  rows: number;
  bytes: number;
  /** Changes received, merged or not. */
  changes: number;
  /** Instead of the first two where rows change again and again: a further change of a row is merged, not written. */
  hot: { rows: number; bytes: number };
  /** Longest wait for a fuller batch, while the source is far ahead. */
  gatherMs: number;
}

export const defaultLimits: BatchLimits = {
  rows: 12_000,
  bytes: 12 * 1024 * 1024,
  changes: 110_000,
  hot: { rows: 28_000, bytes: 16 * 1024 * 1024 },
  gatherMs: 250,
};

const hotChangesPerRow = 2;
/** A smaller batch never waits. */
const gatherFrom = 1_000;
/** Below this many a batch costs as much in statements as in rows. */
const worthwhile = 8_000;
/** What the source committed so long ago nobody waits for just now. */
const farAheadMs = 1_000;

/** Rows change again and again: it pays to wait for more. */
function isHot(rows: number, changes: number): boolean {
  return changes >= hotChangesPerRow * rows;
}

export function isFull(limits: BatchLimits, rows: number, changes: number, bytes: number): boolean {
  const bound = isHot(rows, changes) ? limits.hot : limits;
  return rows >= bound.rows || bytes >= bound.bytes || changes >= limits.changes;
}

/** `behindMs` is the age of the newest transaction in the batch. */
export function isWorthWaiting(rows: number, changes: number, behindMs: number): boolean {
  if (changes < gatherFrom || behindMs <= farAheadMs) return false;
  return changes < worthwhile || isHot(rows, changes);
}
