/**
 * Where a change stands in what a source committed. `major` is a transaction's commit position, `minor` counts changes in
 * it: a checkpoint (M, m) says that every transaction that committed before M has been applied, and the first m changes of
 * the one at M. After a whole transaction a checkpoint is therefore (end of its commit, 0). By transport:
 * `direct`: major is the LSN of the commit record, minor the ordinal of the change in the transaction, from 0.
 * `debezium`: major is where the transaction before ended, minor the offset of the change's record in the topic; reading goes on
 * there, so that after a whole transaction minor is the offset after its end, not 0.
 */
export interface Position {
  major: bigint;
  minor: number;
}

export function comparePositions(a: Position, b: Position): number {
  return a.major < b.major ? -1 : a.major > b.major ? 1 : a.minor - b.minor;
}

/** A source table as the stream describes it, from this change on. */
export interface Relation {
  id: number;
  schema: string;
  table: string;
  /** `d`, `n`, `f`, `i`: what an old row holds. */
  replicaIdentity: string;
  columns: readonly { name: string; typeOid: number; typeModifier: number; identity: boolean }[];
}

export interface Begin {
  /** Commit position: `Position.major` of all its changes. */
  major: bigint;
  xid: number;
  /** The source's clock. */
  committedAtMs: number;
  /** Our clock. */
  receivedAtMs: number;
}

/**
 * A change of one row. Rows are tuples in `bytes` (see tuple.ts) and stay where they were received: nothing is decoded
 * until somebody needs it. `bytes` is never written again after it has been handed over.
 */
export interface RowChange {
  op: 'insert' | 'update' | 'delete';
  relation: Relation;
  bytes: Buffer;
  /** Offset of the new row; -1 for a delete. */
  newAt: number;
  /** Offset of the old row or old key; -1 where the source sent none (the key did not change). */
  oldAt: number;
}

/**
 * What a capture calls, in commit order, one call after the other: begin, then its changes, then commit. Positions of
 * changes are counted by the capture; those below the position it was started with are not handed over. A `change` object
 * is used again for the next call; its `bytes` are not.
 */
export interface CaptureSink {
  begin(begin: Begin): void;
  change(change: RowChange, minor: number): void;
  truncate(relations: readonly Relation[], minor: number): void;
  /** `end` is where the checkpoint stands once the transaction has been applied. */
  commit(end: Position): void;
  /** All that was received has been handed over; more may come at any time. A good moment to apply what is there. */
  idle(): void;
  /** The stream ended; nothing is called afterwards. */
  ended(error: unknown): void;
}

/**
 * Reads one group's changes from one source, in the order in which it committed them.
 *
 * Protocol: `start` once, from the target's checkpoint; then calls of the sink until `ended`. `acknowledge` only what the
 * target has committed (the source may forget it). `pause` may be followed by what was already under way; back-pressure reaches
 * the source. After `stop` the sink is not called again, `ended` neither.
 *
 * `start` throws `group-stopped` when the source cannot continue exactly after the position: a lost or recreated slot, one
 * that was acknowledged beyond the position, or another system or timeline than the checkpoint's.
 */
export interface Capture {
  start(from: Position, sink: CaptureSink): Promise<void>;
  acknowledge(position: Position): void;
  pause(): void;
  resume(): void;
  stop(): Promise<void>;
}
