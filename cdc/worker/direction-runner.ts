import type pg from 'pg';
import { MatapaloError } from '#kernel/errors.ts';
import type { Log } from '#kernel/log.ts';
import type { GroupPlan } from '#plan/compile.ts';
import type { TableFlow } from '#plan/mapping/flow.ts';
import { syncName } from '#plan/names.ts';
import type { Direction } from '#plan/phase.ts';
import type { BatchLimits } from '../apply/batch-limits.ts';
import { Applier, type Applied } from '../apply/applier.ts';
import { openApplySession, prepareWriters } from '../apply/apply-session.ts';
import { takeOver } from '../apply/checkpoint.ts';
import { loadRangeFilter, settleRanges } from '../backfill/range-filter.ts';
import type { Transport } from '../capture/transport.ts';
import type { Beat } from '#guard/ownership.ts';
import type { SyncMetrics } from './metrics.ts';
import type { ProgressRow } from './progress-row.ts';

export interface DirectionOptions {
  group: GroupPlan;
  transport: Transport;
  direction: Direction;
  flows: readonly TableFlow[];
  /** Entries of the other direction, where what is applied must come back the same through them. */
  back: readonly TableFlow[];
  limits: BatchLimits;
  sourceUrl: string;
  targetUrl: string;
  source: pg.Pool;
  target: pg.Pool;
  progress: ProgressRow;
  metrics: SyncMetrics;
  log: Log;
  /** Until this beat has been applied the direction is catching up. */
  caughtUpAt: Beat | undefined;
  onBeat(beat: Beat): void;
  onFailed(error: unknown): void;
}

/** One direction of one group, from its checkpoint until it fails or is stopped. */
export class DirectionRunner {
  readonly #options: DirectionOptions;
  #applier: Applier | undefined;
  #session: pg.Client | undefined;
  #catchingUp: Beat | undefined;
  #ignored = 0;

  constructor(options: DirectionOptions) {
    this.#options = options;
    this.#catchingUp = options.caughtUpAt;
  }

  async start(): Promise<void> {
    const { transport, direction, flows, source, target, progress } = this.#options;
    const group = this.#options.group.name;
    const name = syncName(group, direction);
    progress.facts.state = this.#catchingUp === undefined ? 'streaming' : 'catching-up';
    progress.facts.error = undefined;
    const session = await openApplySession(this.#options.targetUrl, name);
    this.#session = session;
    const checkpoint = await takeOver(session, group, direction);
    if (checkpoint === undefined) {
      throw new MatapaloError('group-stopped', `The checkpoint of ${group} ${direction} is gone.`, {
        hint: 'The target was restored or replaced. Run `matapalo resync` for the group.',
      });
    }
    progress.facts.beat = checkpoint.beat ?? progress.facts.beat;
    const capture = transport.open({
      group: this.#options.group,
      direction,
      flows,
      sourceUrl: this.#options.sourceUrl,
      source,
      checkpoint: checkpoint.source,
    });
    const applier = new Applier({
      direction,
      flows,
      limits: this.#options.limits,
      capture,
      session,
      writers: await prepareWriters(flows, this.#options.back, source, target),
      checkpoint,
      filter: direction === 'forward' ? await loadRangeFilter(target, group, direction, flows) : undefined,
      onApplied: (applied) => this.#applied(applied),
      onFailed: (error) => this.#options.onFailed(error),
    });
    this.#applier = applier;
    await applier.start();
    if (capture.identity !== undefined) applier.identify(capture.identity);
    session.on('error', (error) => applier.ended(error));
    progress.touch();
  }

  #applied(applied: Applied): void {
    const { direction, progress, metrics, log, target } = this.#options;
    const group = this.#options.group.name;
    const { facts } = progress;
    facts.rowsApplied += applied.changes;
    facts.appliedAt = new Date(applied.appliedAtMs);
    facts.captureLagMs = Math.max(0, applied.receivedAtMs - applied.committedAtMs);
    facts.applyLagMs = Math.max(0, applied.appliedAtMs - applied.receivedAtMs);
    metrics.applied(group, direction, applied);
    if (applied.ignored > this.#ignored) {
      const count = applied.ignored - this.#ignored;
      this.#ignored = applied.ignored;
      metrics.ignored(group, direction, count);
      log.error({ group, direction, count }, 'changes of a side that does not own the group were ignored');
      facts.error = {
        code: 'not-owner',
        message: `${this.#ignored} changes were written on the side that does not own the group, and were not applied.`,
        hint: 'Find the writer (`matapalo doctor`), then run `matapalo verify`.',
      };
    }
    const { beat } = applied;
    if (beat === undefined) {
      progress.touch();
      return;
    }
    const moved = facts.beat !== undefined && facts.beat.epoch !== beat.epoch;
    facts.beat = beat;
    const wanted = this.#catchingUp;
    if (
      wanted !== undefined &&
      (beat.epoch > wanted.epoch || (beat.epoch === wanted.epoch && beat.n >= wanted.n))
    ) {
      this.#catchingUp = undefined;
      facts.state = 'streaming';
      this.#applier?.dropFilter();
      if (direction === 'forward') {
        settleRanges(target, group, direction).catch((error: unknown) =>
          log.warn(
            { err: error, group },
            'snapshots of the backfill were not forgotten; tried again at the next start',
          ),
        );
      }
      void progress.write();
    } else if (moved) void progress.write();
    else progress.touch();
    this.#options.onBeat(beat);
  }

  async stop(): Promise<void> {
    await this.#applier?.stop();
    await this.#session?.end().catch(() => undefined);
  }
}
