import type { Queryable } from '#kernel/db/pool.ts';
import type { Direction, Owner } from '../phase.ts';

export type ProgressState = 'preparing' | 'backfilling' | 'catching-up' | 'streaming' | 'stopped';

/** How far one direction of one group is, as its worker last reported. Times are of the source's or worker's clock. */
export interface Progress {
  group: string;
  direction: Direction;
  worker: string;
  transport: string;
  state: ProgressState;
  beat: { n: bigint; epoch: bigint; owner: Owner; at: Date } | undefined;
  appliedAt: Date | undefined;
  lagMs: number | undefined;
  captureLagMs: number | undefined;
  applyLagMs: number | undefined;
  retainedBytes: bigint | undefined;
  slotState: string | undefined;
  rowsApplied: bigint;
  backfill: readonly { table: string; rows: number; estimate: number; done: boolean }[] | undefined;
  error: Record<string, unknown> | undefined;
  covered: Readonly<Record<string, number>>;
  updatedAt: Date;
}

interface Row {
  group_name: string;
  direction: Direction;
  worker: string;
  transport: string;
  state: ProgressState;
  beat_n: string | null;
  beat_epoch: string | null;
  beat_owner: Owner | null;
  beat_at: Date | null;
  applied_at: Date | null;
  lag_ms: number | null;
  capture_lag_ms: number | null;
  apply_lag_ms: number | null;
  retained_bytes: string | null;
  slot_state: string | null;
  rows_applied: string;
  backfill: Progress['backfill'] | null;
  error: Record<string, unknown> | null;
  covered: Record<string, number>;
  updated_at: Date;
}

export async function readProgress(db: Queryable, group?: string): Promise<Progress[]> {
  const { rows } = await db.query<Row>(
    'select * from progress where $1::text is null or group_name = $1 order by group_name, direction',
    [group ?? null],
  );
  return rows.map((row) => ({
    group: row.group_name,
    direction: row.direction,
    worker: row.worker,
    transport: row.transport,
    state: row.state,
    beat:
      row.beat_n === null || row.beat_epoch === null || row.beat_owner === null || row.beat_at === null
        ? undefined
        : { n: BigInt(row.beat_n), epoch: BigInt(row.beat_epoch), owner: row.beat_owner, at: row.beat_at },
    appliedAt: row.applied_at ?? undefined,
    lagMs: row.lag_ms ?? undefined,
    captureLagMs: row.capture_lag_ms ?? undefined,
    applyLagMs: row.apply_lag_ms ?? undefined,
    retainedBytes: row.retained_bytes === null ? undefined : BigInt(row.retained_bytes),
    slotState: row.slot_state ?? undefined,
    rowsApplied: BigInt(row.rows_applied),
    backfill: row.backfill ?? undefined,
    error: row.error ?? undefined,
    covered: row.covered,
    updatedAt: row.updated_at,
  }));
}
