import { Counter, Gauge, type Registry } from '#kernel/metrics.ts';
import { phases, transitionKinds, type Side } from '#plan/phase.ts';
import type { GroupState } from '#plan/store/groups.ts';
import type { Progress, ProgressState } from '#plan/store/progress.ts';
import type { Handovers, NewestVerification, TransitionCount } from './read-groups.ts';

const states: readonly ProgressState[] = ['preparing', 'backfilling', 'catching-up', 'streaming', 'stopped'];
const outcomes = ['done', 'undone', 'failed'] as const;

/**
 * What the databases say of the groups. Every operator shows the same, leading or not: take the maximum. What cannot be
 * read is not shown, rather than shown as it was.
 */
export class GroupGauges {
  readonly #gauges: Gauge[] = [];
  readonly #registers: Registry[];
  readonly #phase;
  readonly #epoch;
  readonly #canary;
  readonly #stopped;
  readonly #holding;
  readonly #syncState;
  readonly #beat;
  readonly #backfilled;
  readonly #estimated;
  readonly #verifiedRows;
  readonly #verifiedAt;
  readonly #validUntil;
  readonly #predicted;
  readonly #measured;
  readonly #transitions: Counter;
  readonly #refused: Counter;
  readonly #up: Gauge;

  constructor(registry: Registry) {
    this.#registers = [registry];
    this.#phase = this.#gauge('matapalo_group_phase', '1 for the phase that a group is in.', 'phase');
    this.#epoch = this.#gauge('matapalo_group_epoch', 'Ownership epoch of a group.');
    this.#canary = this.#gauge(
      'matapalo_group_canary_ratio',
      'Share of clients that the canary sends to the service.',
    );
    this.#stopped = this.#gauge(
      'matapalo_group_stopped',
      '1 while a group is stopped, with the reason.',
      'code',
    );
    this.#holding = this.#gauge(
      'matapalo_group_holding',
      '1 while writes of a group wait for a switch or rollback.',
    );
    const direction = 'direction';
    this.#syncState = this.#gauge(
      'matapalo_sync_state',
      '1 for the state that a direction is in.',
      direction,
      'state',
    );
    this.#beat = this.#gauge(
      'matapalo_sync_beat_timestamp_seconds',
      'When the newest applied beat was written; known without a worker too.',
      direction,
    );
    this.#backfilled = this.#gauge(
      'matapalo_backfill_rows',
      'Rows that the first copy has brought.',
      'table',
    );
    this.#estimated = this.#gauge(
      'matapalo_backfill_estimated_rows',
      'Rows of the table when the first copy began, by the statistics.',
      'table',
    );
    this.#verifiedRows = this.#gauge(
      'matapalo_verification_rows',
      'Rows of the newest verification, by result.',
      direction,
      'result',
    );
    this.#verifiedAt = this.#gauge(
      'matapalo_verification_end_timestamp_seconds',
      'When the newest verification ended; absent while it runs.',
      direction,
    );
    this.#validUntil = this.#gauge(
      'matapalo_verification_valid_until_timestamp_seconds',
      'Until when the newest verification opens the way; 0 where it found differences, failed, runs or is older than the last switch or rollback.',
      direction,
    );
    this.#predicted = this.#gauge(
      'matapalo_handover_predicted_pause_seconds',
      'Pause predicted before the newest switch or rollback.',
      'kind',
    );
    this.#measured = this.#gauge(
      'matapalo_handover_measured_pause_seconds',
      'Pause measured in the newest switch or rollback.',
      'kind',
    );
    this.#transitions = new Counter({
      name: 'matapalo_transitions_total',
      help: 'Transitions that ended, by outcome.',
      labelNames: ['group', 'kind', 'state'],
      registers: this.#registers,
    });
    this.#refused = new Counter({
      name: 'matapalo_guard_refused_writes_total',
      help: 'Writes that the guard of a side refused, because the other side owns the group.',
      labelNames: ['group', 'side'],
      registers: this.#registers,
    });
    this.#up = new Gauge({
      name: 'matapalo_operator_database_up',
      help: '1 while this operator can read a database: control, legacy, or that of a service.',
      labelNames: ['database'],
      registers: this.#registers,
    });
  }

  #gauge(name: string, help: string, ...more: string[]): Gauge {
    const gauge = new Gauge({ name, help, labelNames: ['group', ...more], registers: this.#registers });
    this.#gauges.push(gauge);
    return gauge;
  }

  database(database: string, up: boolean): void {
    this.#up.set({ database }, up ? 1 : 0);
  }

  /** Before everything is set anew: what is gone from the control database must not stay here. */
  clear(): void {
    for (const gauge of this.#gauges) gauge.reset();
    this.#transitions.reset();
  }

  group(state: GroupState): void {
    const group = state.name;
    for (const phase of phases) this.#phase.set({ group, phase }, phase === state.phase ? 1 : 0);
    this.#epoch.set({ group }, Number(state.epoch));
    // A counter that first appears at 1 hides its first increase.
    for (const kind of transitionKinds) {
      for (const outcome of outcomes) this.#transitions.inc({ group, kind, state: outcome }, 0);
    }
    this.#canary.set({ group }, state.phase === 'canary' ? state.canaryPercent / 100 : 0);
    this.#holding.set({ group }, state.holding === undefined ? 0 : 1);
    this.#stopped.set({ group, code: state.stopped?.code ?? 'none' }, state.stopped === undefined ? 0 : 1);
  }

  progress({ group, direction, state: now, beat, backfill }: Progress): void {
    for (const state of states) this.#syncState.set({ group, direction, state }, state === now ? 1 : 0);
    if (beat !== undefined) this.#beat.set({ group, direction }, beat.at.getTime() / 1_000);
    for (const { table, rows, estimate } of backfill ?? []) {
      this.#backfilled.set({ group, table }, rows);
      this.#estimated.set({ group, table }, estimate);
    }
  }

  verification({ group, direction, endedAt, validUntil, ...rows }: NewestVerification): void {
    for (const [result, count] of Object.entries(rows))
      this.#verifiedRows.set({ group, direction, result }, count);
    if (endedAt !== undefined) this.#verifiedAt.set({ group, direction }, endedAt.getTime() / 1_000);
    this.#validUntil.set({ group, direction }, validUntil === undefined ? 0 : validUntil.getTime() / 1_000);
  }

  transitions(counts: readonly TransitionCount[], newest: readonly Handovers[]): void {
    for (const { group, kind, state, count } of counts) this.#transitions.inc({ group, kind, state }, count);
    for (const { group, kind, predictedMs, measuredMs } of newest) {
      if (predictedMs !== undefined) this.#predicted.set({ group, kind }, predictedMs / 1_000);
      if (measuredMs !== undefined) this.#measured.set({ group, kind }, measuredMs / 1_000);
    }
  }

  /** The whole count, as the database has it. */
  refused(group: string, side: Side, count: number): void {
    this.#refused.remove({ group, side });
    this.#refused.inc({ group, side }, count);
  }
}
