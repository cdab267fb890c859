import { MatapaloError } from '#kernel/errors.ts';
import { databaseOf } from '#plan/compile.ts';
import { loadFlows } from '#plan/mapping/load-flows.ts';
import { syncName } from '#plan/names.ts';
import { directions, otherSide, sourceSide, type Direction, type Phase } from '#plan/phase.ts';
import { setTimeout as delay } from 'node:timers/promises';
import type { BatchLimits } from '../apply/batch-limits.ts';
import { slotState } from '../capture/direct/objects.ts';
import type { Kept } from '../capture/transport.ts';
import { DirectionRunner } from './direction-runner.ts';
import type { SyncContext } from './job-context.ts';
import type { SyncMetrics } from './metrics.ts';
import { prepareSync } from './prepare-sync.ts';
import type { ProgressRow } from './progress-row.ts';
import { Marks, pulse } from './pulse.ts';

export type Rows = Readonly<Record<Direction, ProgressRow>>;

export interface RunFailure {
  direction: Direction | undefined;
  error: unknown;
}

export interface RunOptions {
  /** Without flows: they are read anew, so that a changed schema is seen. */
  context: Omit<SyncContext, 'flows' | 'signal' | 'report'>;
  rows: Rows;
  metrics: SyncMetrics;
  limits: BatchLimits;
  phase: () => Phase;
  signal: AbortSignal;
}

const slotEveryMs = 3_000;

/**
 * One run of a group: prepares, streams both ways, beats; until it is aborted (returns undefined) or something fails (returns
 * what). Everything it opened is closed when it returns.
 */
export async function runSync({
  context,
  rows,
  metrics,
  limits,
  phase,
  signal,
}: RunOptions): Promise<RunFailure | undefined> {
  const { group, legacy, service, transport, log } = context;
  const stop = new AbortController();
  const running = AbortSignal.any([signal, stop.signal]);
  const runners: DirectionRunner[] = [];
  const loops: Promise<void>[] = [];
  const kept: Kept[] = [];
  let at: Direction | undefined;
  let failure: RunFailure | undefined;
  try {
    const flows = await loadFlows(group, legacy, service);
    const report = async (progress: unknown) => {
      rows.forward.facts.backfill = progress;
      rows.forward.touch();
    };
    for (const direction of directions) {
      rows[direction].facts.state = 'preparing';
      metrics.begin(group.name, direction);
    }
    await Promise.all(directions.map((direction) => rows[direction].write()));
    const caughtUpAt = await prepareSync({ ...context, flows, report, signal: running }, phase(), () => {
      rows.forward.facts.state = 'backfilling';
      rows.forward.touch();
    });
    const failed = Promise.withResolvers<RunFailure | undefined>();
    running.addEventListener('abort', () => failed.resolve(undefined), { once: true });
    if (running.aborted) return undefined;
    const marks = new Marks(context.control, legacy, group.name, (covered) => {
      rows.forward.facts.covered = covered;
      void rows.forward.write();
    });
    for (const direction of directions) {
      at = direction;
      const source = sourceSide(direction);
      const target = otherSide(source);
      const pools = { legacy, service };
      const runner = new DirectionRunner({
        group,
        transport,
        direction,
        flows: flows[direction],
        // A row that the monolith cannot hold would be lost at a rollback; the service is made for whatever the monolith has.
        back: direction === 'reverse' ? flows.forward : [],
        limits,
        sourceUrl: databaseOf(group, source),
        targetUrl: databaseOf(group, target),
        source: pools[source],
        target: pools[target],
        progress: rows[direction],
        metrics,
        log,
        caughtUpAt: direction === 'forward' ? caughtUpAt : undefined,
        onBeat: (beat) => {
          if (direction === 'forward') marks.applied(beat);
        },
        onFailed: (error) => failed.resolve({ direction, error }),
      });
      runners.push(runner);
      kept.push(
        transport.keep(
          { group, direction },
          {
            onTrouble: (message) => trouble(rows[direction], message),
            onFailed: (error) => failed.resolve({ direction, error }),
          },
        ),
      );
      await runner.start();
      loops.push(pulse(pools[source], group.name, running, log));
      loops.push(
        watchSlot(context, rows[direction], metrics, direction, running, (error) =>
          failed.resolve({ direction, error }),
        ),
      );
    }
    at = undefined;
    loops.push(marks.watch(() => phase() === 'canary', running, log));
    failure = await failed.promise;
  } catch (error) {
    if (!running.aborted) failure = { direction: at, error };
  } finally {
    stop.abort();
    await Promise.all(runners.map((runner) => runner.stop()));
    await Promise.all([...loops, ...kept.map((one) => one.stop())]);
  }
  return failure;
}

/** Shown until it is mended; never over the reason of a failure. */
function trouble(row: ProgressRow, message: string | undefined): void {
  const shown = row.facts.error;
  if (message === undefined) {
    if (shown?.['code'] === 'unavailable') row.facts.error = undefined;
  } else if (shown === undefined || shown['code'] === 'unavailable')
    row.facts.error = {
      code: 'unavailable',
      message,
      hint: 'It is tried again. Look at the log of Kafka Connect.',
    };
  row.touch();
}

/** A slot that is lost while it is not read (the source's WAL limit) is noticed here; its retained WAL has a gauge. */
async function watchSlot(
  { group, legacy, service, log }: RunOptions['context'],
  row: ProgressRow,
  metrics: SyncMetrics,
  direction: Direction,
  signal: AbortSignal,
  onLost: (error: unknown) => void,
): Promise<void> {
  const source = direction === 'forward' ? legacy : service;
  const name = syncName(group.name, direction);
  while (!signal.aborted) {
    try {
      const state = await slotState(source, name);
      row.facts.slotState = state?.walStatus ?? 'missing';
      row.facts.retainedBytes = state?.retainedBytes ?? 0n;
      if (state !== undefined) metrics.slot(group.name, direction, state);
      row.touch();
      if (state === undefined || state.walStatus === 'lost') {
        onLost(
          new MatapaloError('group-stopped', `The replication slot ${name} is ${state ? 'lost' : 'gone'}.`, {
            hint: 'Run `matapalo resync` for the group: it makes a new slot, verifies and repairs.',
          }),
        );
        return;
      }
    } catch (error) {
      if (!signal.aborted) log.warn({ err: error, slot: name }, 'the state of the slot could not be read');
    }
    await delay(slotEveryMs, undefined, { signal }).catch(() => undefined);
  }
}
