import { setTimeout as delay } from 'node:timers/promises';
import { MatapaloError } from '#kernel/errors.ts';
import { otherSide, sourceSide, type Direction } from '#plan/phase.ts';
import { readProgress } from '#plan/store/progress.ts';
import type { TableFlow } from '#plan/mapping/flow.ts';
import type { SyncContext } from '#cdc/worker/job-context.ts';
import { compareFlow, type Difference } from './compare-flow.ts';
import { confirmDifferences } from './confirm.ts';
import { countOrphans, type Orphans } from './orphans.ts';
import { liveSides, readersOf, type LiveSides } from './sides.ts';
import {
  beginVerification,
  maxSamples,
  saveVerification,
  type EntryProgress,
  type Verification,
} from './verification-row.ts';

export interface VerifyOptions {
  id: string;
  direction: Direction;
  /** Ends the run as failed after this long. */
  timeoutMs: number;
  /** Pause after each chunk, as a share of the time it took: what is left for others. */
  rest: number;
  /** Called with each batch of confirmed differences. */
  onDifferences?: (flow: TableFlow, differences: readonly Difference[]) => Promise<void>;
}

export interface VerificationResult {
  direction: Direction;
  state: Verification['state'];
  rows: number;
  missing: number;
  extra: number;
  different: number;
  samples: Verification['samples'];
  orphans: Orphans[];
  /** True where the run gave up counting: there are more. */
  truncated: boolean;
}

/** Beyond this a table is not worth more looking: it needs a resync. */
const maxDifferences = 100_000;

/**
 * Compares all of a group's rows in one direction's sense: what the source's rows map to with what the target holds. The
 * answer is stored as it grows, so that the same job goes on where it was when the worker that ran it went away.
 */
export async function verifyDirection(ctx: SyncContext, options: VerifyOptions): Promise<VerificationResult> {
  const { group, control } = ctx;
  const run = await beginVerification(control, options.id, group.name, options.direction);
  const ttlMs = group.limits.verificationTtlMs;
  const deadline = Date.now() + options.timeoutMs;
  try {
    const live = await liveSides(ctx);
    // What was counted before ownership moved says nothing about now: from the beginning, then.
    if (run.progress.some((item) => item.epoch !== live.epoch.toString())) {
      Object.assign(run, { rows: 0, missing: 0, extra: 0, different: 0, samples: [], progress: [] });
    }
    for (const flow of ctx.flows[options.direction]) {
      await verifyFlow(ctx, flow, run, live, options, deadline);
    }
    const target = otherSide(sourceSide(options.direction));
    const orphans = await countOrphans(target === 'legacy' ? ctx.legacy : ctx.service, group, target);
    const now = await liveSides(ctx);
    if (now.epoch !== live.epoch) {
      throw new MatapaloError('unavailable', 'Ownership moved while the tables were compared.', {
        hint: `Run \`matapalo verify ${group.name}\` again.`,
      });
    }
    const clean = differencesIn(run) === 0 && orphans.length === 0;
    run.state = clean ? 'clean' : 'different';
    await saveVerification(control, run, ttlMs);
    const { direction, state, rows, missing, extra, different, samples } = run;
    const truncated = differencesIn(run) >= maxDifferences;
    return { direction, state, rows, missing, extra, different, samples, orphans, truncated };
  } catch (error) {
    // An interrupted run stays 'running': it is taken up again. What failed by itself must not look as if it went on.
    if (!ctx.signal.aborted) {
      run.state = 'failed';
      await saveVerification(control, run, ttlMs).catch(() => undefined);
    }
    throw error;
  }
}

const differencesIn = (run: Verification) => run.missing + run.extra + run.different;

async function verifyFlow(
  ctx: SyncContext,
  flow: TableFlow,
  run: Verification,
  live: LiveSides,
  options: VerifyOptions,
  deadline: number,
): Promise<void> {
  const progress = progressOf(run, flow, live.epoch);
  if (progress.done) return;
  let began = performance.now();
  for await (const chunk of compareFlow(readersOf(ctx, flow.direction), flow, progress.at)) {
    ctx.signal.throwIfAborted();
    if (Date.now() > deadline) {
      throw new MatapaloError('unavailable', `The verification did not end within ${options.timeoutMs} ms.`, {
        hint: 'Give it longer (timeoutMs), or run it at a quieter time.',
      });
    }
    const differences = await confirmDifferences(ctx.group.name, flow, chunk.candidates, live, ctx.signal);
    for (const { kind, key } of differences) {
      run[kind] += 1;
      if (run.samples.length < maxSamples) run.samples.push({ table: flow.target.ref.name, key, kind });
    }
    if (differences.length > 0) await options.onDifferences?.(flow, differences);
    run.rows += chunk.rows;
    progress.rows += chunk.rows;
    if (chunk.range.to === undefined) progress.done = true;
    else progress.at = chunk.range.to;
    await saveVerification(ctx.control, run, ctx.group.limits.verificationTtlMs);
    await ctx.report(run.progress);
    if (differencesIn(run) >= maxDifferences) return;
    await giveWay(ctx, live, (performance.now() - began) * options.rest);
    began = performance.now();
  }
}

function progressOf(run: Verification, flow: TableFlow, epoch: bigint): EntryProgress {
  const found = run.progress.find((item) => item.entry === flow.id);
  if (found) return found;
  const made: EntryProgress = {
    entry: flow.id,
    table: flow.target.ref.name,
    rows: 0,
    done: false,
    epoch: epoch.toString(),
  };
  run.progress.push(made);
  return made;
}

/** Rests, and for as long as the stream lags more than the group may: comparing can wait, clients cannot. */
async function giveWay(ctx: SyncContext, live: LiveSides, restMs: number): Promise<void> {
  if (restMs > 0) await delay(Math.min(restMs, 2_000), undefined, { signal: ctx.signal });
  for (let turn = 0; turn < 50; turn++) {
    const rows = await readProgress(ctx.control, ctx.group.name);
    const lagMs = rows.find((row) => row.direction === live.direction)?.lagMs ?? 0;
    if (lagMs <= ctx.group.limits.maxLagMs) return;
    await delay(100, undefined, { signal: ctx.signal });
  }
}
