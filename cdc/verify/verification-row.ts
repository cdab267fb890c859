import { createHash } from 'node:crypto';
import type { Queryable } from '#kernel/db/pool.ts';
import type { Direction } from '#plan/phase.ts';

/** One table entry's share of a verification; `at` is the key up to which it has come. */
export interface EntryProgress {
  entry: string;
  table: string;
  rows: number;
  done: boolean;
  /** The ownership epoch under which this was counted. */
  epoch: string;
  at?: string;
}

export interface Sample {
  table: string;
  key: readonly string[];
  kind: 'missing' | 'extra' | 'different';
}

/** What a row of `verification` holds. Kept by the run that fills it; a run that is resumed goes on from it. */
export interface Verification {
  id: string;
  group: string;
  direction: Direction;
  state: 'running' | 'clean' | 'different' | 'failed';
  rows: number;
  missing: number;
  extra: number;
  different: number;
  samples: Sample[];
  progress: EntryProgress[];
}

export const maxSamples = 50;

/** The same for the same job, so that a job which is run again finds its row. */
export function verificationId(job: string, direction: Direction): string {
  const hex = createHash('sha256').update(`${job} ${direction}`).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** Begins a run, or takes up the one that was interrupted. */
export async function beginVerification(
  control: Queryable,
  id: string,
  group: string,
  direction: Direction,
): Promise<Verification> {
  const { rows } = await control.query<{
    rows: string;
    missing: string;
    extra: string;
    different: string;
    samples: Sample[];
    progress: EntryProgress[];
  }>(
    `insert into verification (id, group_name, direction, state) values ($1, $2, $3, 'running')
     on conflict (id) do update set state = 'running', ended_at = null
     returning rows::text, missing::text, extra::text, different::text, samples, progress`,
    [id, group, direction],
  );
  const row = rows[0];
  return {
    id,
    group,
    direction,
    state: 'running',
    rows: Number(row?.rows ?? 0),
    missing: Number(row?.missing ?? 0),
    extra: Number(row?.extra ?? 0),
    different: Number(row?.different ?? 0),
    samples: row?.samples ?? [],
    progress: row?.progress ?? [],
  };
}

export async function saveVerification(control: Queryable, run: Verification, ttlMs: number): Promise<void> {
  await control.query(
    `update verification set state = $2, rows = $3, missing = $4, extra = $5, different = $6, samples = $7, progress = $8,
            ended_at = case when $2 = 'running' then null else clock_timestamp() end,
            expires_at = case when $2 = 'clean' then clock_timestamp() + $9 * interval '1 millisecond' end
      where id = $1`,
    [
      run.id,
      run.state,
      run.rows,
      run.missing,
      run.extra,
      run.different,
      JSON.stringify(run.samples),
      JSON.stringify(run.progress),
      ttlMs,
    ],
  );
}
