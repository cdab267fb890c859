import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { describeError, MatapaloError } from '#kernel/errors.ts';
import { createPool, isConnectionError } from '#kernel/db/pool.ts';
import { observePool } from '#kernel/metrics.ts';
import type { SessionLead } from '#kernel/db/session-lead.ts';
import type { Log } from '#kernel/log.ts';
import { databaseOf, type GroupPlan, type Plan } from '#plan/compile.ts';
import { loadFlows } from '#plan/mapping/load-flows.ts';
import { toolSession } from '#plan/mapping/session.ts';
import { directions, isSynced } from '#plan/phase.ts';
import { readGroup, setStopped, type GroupState } from '#plan/store/groups.ts';
import { isTransient } from '../apply/apply-batch.ts';
import type { BatchLimits } from '../apply/batch-limits.ts';
import type { Transport } from '../capture/transport.ts';
import { claimJob, requeueJobs, runJob, type JobHandlers } from './jobs.ts';
import { endPredecessor, workerSessionName } from './end-predecessor.ts';
import { takeLead } from './leadership.ts';
import type { SyncMetrics } from './metrics.ts';
import { ProgressRow } from './progress-row.ts';
import { runSync, type RunFailure } from './sync-run.ts';
import { teardown } from './teardown.ts';
import { Wakeup } from './wakeup.ts';

export interface GroupRunnerOptions {
  plan: Plan;
  group: GroupPlan;
  worker: string;
  control: pg.Pool;
  transport: Transport;
  metrics: SyncMetrics;
  handlers: JobHandlers;
  limits: BatchLimits;
  log: Log;
}

/**
 * One group in the hands of one worker: waits for the lead, then does what phase, stop and jobs ask for, again and again. A
 * failure that may pass (connections, resources) is tried again with a growing pause; any other stops the group until an operator clears it.
 */
export class GroupRunner {
  readonly #options: GroupRunnerOptions;
  readonly #stop = new AbortController();
  readonly #wakeup = new Wakeup();
  readonly #legacy: pg.Pool;
  readonly #service: pg.Pool;
  readonly #done: Promise<void>;
  #state: GroupState | undefined;
  #leading = false;
  /** Aborts the run under way, not the lead. */
  #pause: AbortController | undefined;
  #pauses = 0;

  constructor(options: GroupRunnerOptions) {
    this.#options = options;
    const { group, log } = options;
    const settings = { settings: toolSession, max: 8, log };
    this.#legacy = createPool({
      url: databaseOf(group, 'legacy'),
      name: workerSessionName(group.name),
      ...settings,
    });
    this.#service = createPool({
      url: databaseOf(group, 'service'),
      name: workerSessionName(group.name),
      ...settings,
    });
    options.metrics.leading(group.name, false);
    observePool(this.#legacy, options.metrics.registry, `${group.name}_legacy`);
    observePool(this.#service, options.metrics.registry, `${group.name}_service`);
    this.#done = this.#live();
  }

  get leading(): boolean {
    return this.#leading;
  }

  /** Something may have changed: look again. */
  wake(): void {
    this.#wakeup.ring();
  }

  async #live(): Promise<void> {
    const { plan, group, log } = this.#options;
    while (!this.#stop.signal.aborted) {
      const lead = await takeLead(plan.config.control.url, group.name, this.#stop.signal, log);
      if (lead === undefined) break;
      this.#leading = true;
      this.#options.metrics.leading(group.name, true);
      const signal = AbortSignal.any([this.#stop.signal, lead.lost]);
      try {
        await endPredecessor(group.name, [this.#legacy, this.#service], log);
        await requeueJobs(this.#options.control, group.name);
        await Promise.all([this.#syncLoop(signal, lead), this.#jobLoop(signal, lead)]);
      } catch (error) {
        if (!signal.aborted)
          log.error({ err: error, group: group.name }, 'the group is given up for a moment');
        await delay(500, undefined, { signal: this.#stop.signal }).catch(() => undefined);
      } finally {
        this.#leading = false;
        this.#options.metrics.leading(group.name, false);
        await lead.release();
      }
    }
  }

  async #syncLoop(signal: AbortSignal, lead: SessionLead): Promise<void> {
    const { group, control, transport, metrics, worker, log } = this.#options;
    const row = (direction: 'forward' | 'reverse') =>
      new ProgressRow(control, group.name, direction, worker, transport.name, (error) =>
        log.warn({ err: error, group: group.name }, 'progress could not be stored'),
      );
    const rows = { forward: row('forward'), reverse: row('reverse') };
    let failures = 0;
    while (!signal.aborted) {
      const heard = this.#wakeup.next();
      try {
        this.#state = await readGroup(control, group.name);
      } catch (error) {
        log.warn({ err: error, group: group.name }, 'the control database cannot be read');
        await delay(500, undefined, { signal }).catch(() => undefined);
        continue;
      }
      const state = this.#state;
      if (state !== undefined && isSynced(state.phase) && state.stopped === undefined && this.#pauses === 0) {
        for (const direction of directions)
          metrics.watchLag(group.name, direction, () => rows[direction].lagMs);
        this.#pause = new AbortController();
        const running = AbortSignal.any([signal, this.#pause.signal]);
        const startedAt = Date.now();
        const watching = this.#watchState(this.#pause, running);
        const failure = await runSync({
          context: this.#context(),
          rows,
          metrics,
          limits: this.#options.limits,
          phase: () => this.#state?.phase ?? 'syncing',
          signal: running,
        });
        this.#pause.abort();
        await watching;
        this.#pause = undefined;
        for (const direction of directions) await rows[direction].close();
        // What failed may have failed because another leads now: that is no reason to report or stop anything.
        if (failure !== undefined && !signal.aborted && (await lead.confirm())) {
          failures = Date.now() - startedAt > 10_000 ? 1 : failures + 1;
          await this.#failed(failure, rows, failures, signal);
        } else failures = 0;
        continue;
      }
      if (state !== undefined && !isSynced(state.phase)) await this.#tearDown(signal, lead);
      await Promise.race([heard, delay(1_000, undefined, { signal }).catch(() => undefined)]);
    }
    for (const direction of directions) await rows[direction].close();
  }

  /** Ends a run whose phase or stop says so; keeps the phase that others ask for. */
  async #watchState(run: AbortController, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const aborted = new Promise<void>((resolve) =>
        signal.addEventListener('abort', () => resolve(), { once: true }),
      );
      await Promise.race([
        this.#wakeup.next(),
        aborted,
        delay(1_000, undefined, { signal }).catch(() => undefined),
      ]);
      if (signal.aborted) return;
      const state = await readGroup(this.#options.control, this.#options.group.name).catch(() => undefined);
      if (state === undefined) continue;
      this.#state = state;
      if (!isSynced(state.phase) || state.stopped !== undefined) run.abort();
    }
  }

  async #failed(
    { direction, error }: RunFailure,
    rows: Readonly<Record<'forward' | 'reverse', ProgressRow>>,
    failures: number,
    signal: AbortSignal,
  ): Promise<void> {
    const { group, control, metrics, log } = this.#options;
    const code = error instanceof MatapaloError ? error.code : 'internal';
    metrics.failed(group.name, direction ?? 'forward', code);
    const transient =
      isTransient(error) || isConnectionError(error) || code === 'unavailable' || code === 'unreachable';
    const facts = {
      code,
      message: describeError(error),
      hint: error instanceof MatapaloError ? error.hint : undefined,
      ...(error instanceof MatapaloError ? error.extra : {}),
    };
    for (const side of directions) {
      if (direction === undefined || side === direction) rows[side].facts.error = facts;
    }
    if (transient) {
      log.warn(
        { err: error, group: group.name, direction, failures },
        'sync was interrupted; it goes on from its checkpoint',
      );
      await Promise.all(directions.map((side) => rows[side].write()));
      await delay(Math.min(5_000, 100 * 2 ** Math.min(failures, 6)), undefined, { signal }).catch(
        () => undefined,
      );
      return;
    }
    log.error({ err: error, group: group.name, direction }, 'the group is stopped');
    for (const side of directions) rows[side].facts.state = 'stopped';
    await Promise.all(directions.map((side) => rows[side].write()));
    const reason = {
      code: code === 'internal' ? 'group-stopped' : code,
      message: describeError(error instanceof MatapaloError ? error.message : error),
      hint:
        (error instanceof MatapaloError ? error.hint : undefined) ??
        'Look at the cdc log and `matapalo doctor`.',
    };
    // Until it is stored, the loop would begin again and fail again.
    for (;;) {
      try {
        await setStopped(control, group.name, reason);
        return;
      } catch (failure) {
        if (signal.aborted) return;
        log.warn({ err: failure, group: group.name }, 'the stop could not be stored; trying again');
        await delay(500, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  async #tearDown(signal: AbortSignal, lead: SessionLead): Promise<void> {
    const { group, control, transport, metrics, log } = this.#options;
    try {
      const { rowCount } = await control.query('select from progress where group_name = $1', [group.name]);
      if (rowCount === 0 || !(await lead.confirm())) return;
      await teardown(control, group, transport, this.#legacy, this.#service);
      metrics.forget(group.name);
      log.info({ group: group.name }, 'slots, publications and origins of the group are gone');
    } catch (error) {
      if (!signal.aborted)
        log.warn({ err: error, group: group.name }, 'the group could not be taken down; trying again');
    }
  }

  async #jobLoop(signal: AbortSignal, lead: SessionLead): Promise<void> {
    const { group, control, handlers, log } = this.#options;
    while (!signal.aborted) {
      const heard = this.#wakeup.next();
      try {
        const job = await claimJob(control, group.name);
        if (job !== undefined) {
          const context = this.#context();
          const flows = await loadFlows(group, context.legacy, context.service).catch((error: unknown) => {
            log.warn({ err: error, group: group.name }, 'the mapping does not fit the tables now');
            return { forward: [], reverse: [] };
          });
          await runJob(
            job,
            handlers,
            { ...context, flows, signal, whileStopped: (work) => this.#whileStopped(work) },
            () => lead.confirm(),
            log,
          );
          this.wake();
          continue;
        }
      } catch (error) {
        if (!signal.aborted) log.warn({ err: error, group: group.name }, 'jobs could not be read');
      }
      await Promise.race([heard, delay(2_000, undefined, { signal }).catch(() => undefined)]);
    }
  }

  async #whileStopped<T>(work: () => Promise<T>): Promise<T> {
    this.#pauses++;
    this.#pause?.abort();
    try {
      while (this.#pause !== undefined) await delay(10);
      return await work();
    } finally {
      this.#pauses--;
      this.wake();
    }
  }

  #context() {
    const { plan, group, control, transport, log } = this.#options;
    return { plan, group, control, transport, legacy: this.#legacy, service: this.#service, log };
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.wake();
    await this.#done;
    await Promise.all([this.#legacy.end(), this.#service.end()]);
  }
}
