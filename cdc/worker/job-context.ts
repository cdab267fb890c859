import type pg from 'pg';
import type { Log } from '#kernel/log.ts';
import type { GroupPlan, Plan } from '#plan/compile.ts';
import type { Flows } from '#plan/mapping/load-flows.ts';
import type { Transport } from '../capture/transport.ts';

/** What long work on one group gets from the worker that leads the group. */
export interface SyncContext {
  plan: Plan;
  group: GroupPlan;
  /** Pool of the control database. */
  control: pg.Pool;
  /** Pools of the two captured databases, with the tool's session settings, in the origin role. */
  legacy: pg.Pool;
  service: pg.Pool;
  /** Resolved against both databases when the work began. */
  flows: Flows;
  transport: Transport;
  log: Log;
  /** Stored where people look (`job.progress`, or `progress.backfill` for the first copy); called as often as is useful. */
  report(progress: unknown): Promise<void>;
  /** Aborted when the worker stops or loses the lead: end soon, leave what is committed. */
  signal: AbortSignal;
}

/** A row of `job` in the hands of its handler. */
export interface JobContext extends SyncContext {
  jobId: string;
  args: Readonly<Record<string, unknown>>;
  /**
   * Stops both directions of the group while `work` runs, then starts them again with what is in the databases by then:
   * for work that replaces a slot or a checkpoint.
   */
  whileStopped<T>(work: () => Promise<T>): Promise<T>;
}

/** Its result is stored in `job.result`; what it throws fails the job with its message and hint. */
export type JobHandler = (context: JobContext) => Promise<unknown>;
