import type pg from 'pg';
import { MatapaloError } from '#kernel/errors.ts';
import { tableName } from '#kernel/db/sql.ts';
import { databaseOf } from '#plan/compile.ts';
import type { TableFlow } from '#plan/mapping/flow.ts';
import { syncName } from '#plan/names.ts';
import { dropCapture, ensurePublication, slotState } from '#cdc/capture/direct/objects.ts';
import type { SyncContext } from '#cdc/worker/job-context.ts';
import { copyRange } from './copy-range.ts';
import { keyOrderOf } from './key-order.ts';
import {
  cutKeys,
  doneRanges,
  estimateRows,
  rangeCondition,
  remainingRanges,
  type KeyRange,
} from './ranges.ts';
import {
  createSlotWithSnapshot,
  dropSessionOrigins,
  holdSnapshot,
  targetSession,
  type HeldSnapshot,
} from './sessions.ts';
import { emptyTargets, isComplete, notResumable, refuseForeignRows } from './target-state.ts';

export interface BackfillOptions {
  /** Rows of a range: what a crash costs, at most, for each lane. Default 500,000. */
  rangeRows?: number;
  /** Ranges copied at the same time. Default 2. */
  lanes?: number;
}

/** One table's progress, as reported. */
export interface TableProgress {
  table: string;
  rows: number;
  estimate: number;
  done: boolean;
}

interface Task {
  flow: TableFlow;
  range: KeyRange;
  no: number;
  progress: TableProgress & { open: number };
}

/**
 * The first copy of a group's tables, legacy to service, and the forward slot whose stream begins exactly after it.
 *
 * Each range and the row that says it is done commit together. After a crash: the slot is kept, what is left is read
 * under a later snapshot, and the applier skips what that has brought (`loadRangeFilter`); a half table with a second unique
 * key is read anew. Where the slot is gone before
 * the copy was whole, what the tool had filled is emptied and all begins anew. Resolves when every range is in the target; does nothing
 * where that is so already. Throws `preflight-failed` when a target holds rows that are not the tool's, `group-stopped`
 * when the copy is whole and its slot is gone: then only a resync helps.
 */
export async function backfillGroup(ctx: SyncContext, options: BackfillOptions = {}): Promise<void> {
  const { group, legacy, service, signal } = ctx;
  const flows = ctx.flows.forward;
  const slot = syncName(group.name, 'forward');
  let state = await slotState(legacy, slot);
  let done = await doneRanges(service, group.name, 'forward');
  const complete = isComplete(flows, done);
  if (state?.walStatus === 'lost' || (state === undefined && complete)) {
    if (complete) throw lostSlot(group.name, slot);
    await dropCapture(legacy, slot);
    state = undefined;
  }
  if (complete) return;
  if (state === undefined && done.size > 0) {
    ctx.log.warn({ slot }, 'the slot of a half copy is gone: the copy begins anew');
    await emptyTargets(service, group.name, flows);
    done = new Map();
  }
  const again = await notResumable(service, flows, done);
  if (again.length > 0) {
    ctx.log.warn({ entries: again.map((flow) => flow.id) }, 'tables with other unique keys are copied anew');
    await emptyTargets(service, group.name, again);
    for (const flow of again) done.delete(flow.id);
  }
  await refuseForeignRows(service, group.name, flows);
  await ensurePublication(legacy, group, 'forward');
  signal.throwIfAborted();
  const snapshot =
    state === undefined
      ? await createSlotWithSnapshot(databaseOf(group, 'legacy'), legacy, slot, signal)
      : await holdSnapshot(legacy);
  try {
    const tasks = await planTasks(ctx, done, options.rangeRows ?? 500_000);
    const all = [...new Set(tasks.map((task) => task.progress))];
    // Entries that only fill columns come after the rows they fill.
    for (const stage of [
      tasks.filter((task) => task.flow.anchor),
      tasks.filter((task) => !task.flow.anchor),
    ]) {
      await runLanes(ctx, snapshot, stage, all, Math.min(options.lanes ?? 2, stage.length));
    }
    for (const table of new Set(flows.map((flow) => tableName(flow.target.ref.name)))) {
      await service.query(`analyze ${table}`);
    }
  } finally {
    await snapshot.release();
    await dropSessionOrigins(service, group.name, 'forward', lanePurposes(options.lanes ?? 2));
  }
}

function lostSlot(group: string, slot: string): MatapaloError {
  return new MatapaloError(
    'group-stopped',
    `The replication slot ${slot} is gone: changes since then are not known.`,
    {
      hint: `Run \`matapalo resync ${group}\`.`,
    },
  );
}

const lanePurposes = (lanes: number) => Array.from({ length: lanes }, (_, index) => `copy${index}`);

async function planTasks(
  ctx: SyncContext,
  done: Awaited<ReturnType<typeof doneRanges>>,
  rangeRows: number,
): Promise<Task[]> {
  const tasks: Task[] = [];
  for (const flow of ctx.flows.forward) {
    const order = keyOrderOf(flow);
    const estimate = await estimateRows(ctx.legacy, flow.source.oid);
    const before = done.get(flow.id) ?? [];
    const cuts = await cutKeys(ctx.legacy, flow, estimate, rangeRows);
    const ranges = remainingRanges(before, cuts, order?.compare ?? (() => 0));
    const rows = before.reduce((sum, range) => sum + range.rows, 0);
    const progress = {
      table: flow.target.ref.name,
      rows,
      estimate,
      done: ranges.length === 0,
      open: ranges.length,
    };
    const next = Math.max(0, ...before.map((range) => range.no + 1));
    tasks.push(...ranges.map((range, index) => ({ flow, range, no: next + index, progress })));
  }
  return tasks;
}

async function runLanes(
  ctx: SyncContext,
  snapshot: HeldSnapshot,
  tasks: Task[],
  all: Task['progress'][],
  lanes: number,
): Promise<void> {
  const queue = [...tasks];
  // The first failure ends the other lanes: what they have not committed is copied again later.
  const stop = new AbortController();
  const signal = AbortSignal.any([ctx.signal, stop.signal]);
  const run = async (purpose: string) => {
    const source = await ctx.legacy.connect();
    let target: pg.PoolClient | undefined;
    try {
      target = await targetSession(ctx.service, ctx.group.name, 'forward', purpose);
      await source.query('begin isolation level repeatable read read only');
      await source.query(`set transaction snapshot '${snapshot.name}'`);
      for (let task = queue.shift(); task !== undefined; task = queue.shift()) {
        await copyTask(ctx, source, target, task, snapshot.recorded, signal);
        await ctx.report(all.map(({ open: _, ...progress }) => progress));
      }
    } catch (error) {
      stop.abort(error);
      throw error;
    } finally {
      source.release(true);
      target?.release(true);
    }
  };
  const results = await Promise.allSettled(lanePurposes(lanes).map(run));
  ctx.signal.throwIfAborted();
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw stop.signal.reason ?? failed.reason;
}

async function copyTask(
  ctx: SyncContext,
  source: pg.PoolClient,
  target: pg.PoolClient,
  { flow, range, no, progress }: Task,
  recorded: string,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  await target.query('begin');
  const where = rangeCondition(range, keyOrderOf(flow));
  const rows = await copyRange(source, target, flow, where, signal);
  await target.query(
    `insert into matapalo.backfill_range (group_name, direction, entry, range_no, key_from, key_to, snapshot, rows)
     values ($1, 'forward', $2, $3, $4, $5, $6, $7)`,
    [
      ctx.group.name,
      flow.id,
      no,
      range.from === undefined ? null : [range.from],
      range.to === undefined ? null : [range.to],
      recorded,
      rows,
    ],
  );
  await target.query('commit');
  progress.rows += rows;
  progress.open -= 1;
  progress.done = progress.open === 0;
}
