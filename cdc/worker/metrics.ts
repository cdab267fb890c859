import { Counter, Gauge, type Registry } from '#kernel/metrics.ts';
import { directions, type Direction } from '#plan/phase.ts';
import type { Applied } from '../apply/applier.ts';
import { SlotMetrics } from './slot-metrics.ts';

const labelNames = ['group', 'direction'];

/** The worker's metrics, by group and direction. */
export class SyncMetrics {
  readonly #registry: Registry;
  readonly #rows: Counter;
  readonly #batches: Counter;
  readonly #ignored: Counter;
  readonly #errors: Counter;
  readonly #lag: Gauge;
  readonly #stageLag: Gauge;
  readonly #leading: Gauge;
  readonly #slots: SlotMetrics;
  readonly #lagOf = new Map<
    string,
    { group: string; direction: Direction; lagMs: () => number | undefined }
  >();

  constructor(registry: Registry) {
    const registers = [registry];
    this.#registry = registry;
    this.#rows = new Counter({
      name: 'matapalo_sync_changes_applied_total',
      help: 'Changes of the source that the target has committed.',
      labelNames,
      registers,
    });
    this.#batches = new Counter({
      name: 'matapalo_sync_batches_total',
      help: 'Transactions on the target.',
      labelNames,
      registers,
    });
    this.#ignored = new Counter({
      name: 'matapalo_sync_ignored_total',
      help: 'Changes not applied because their side did not own the group. Must stay 0.',
      labelNames,
      registers,
    });
    this.#errors = new Counter({
      name: 'matapalo_sync_errors_total',
      help: 'Failures that ended a run of a direction, by code.',
      labelNames: [...labelNames, 'code'],
      registers,
    });
    const lagOf = this.#lagOf;
    this.#lag = new Gauge({
      name: 'matapalo_sync_lag_seconds',
      help: 'Age of the newest applied beat; it rises while nothing is applied.',
      labelNames,
      registers,
      collect() {
        for (const { group, direction, lagMs } of lagOf.values()) {
          const lag = lagMs();
          if (lag !== undefined) this.set({ group, direction }, lag / 1_000);
        }
      },
    });
    this.#stageLag = new Gauge({
      name: 'matapalo_sync_stage_lag_seconds',
      help: "Parts of the newest change's way: capture (source's commit to read), transport (read to received), apply (received to target's commit).",
      labelNames: [...labelNames, 'stage'],
      registers,
    });
    this.#leading = new Gauge({
      name: 'matapalo_cdc_leading',
      help: '1 while this worker works the group.',
      labelNames: ['group'],
      registers,
    });
    this.#slots = new SlotMetrics(registry);
  }

  get registry(): Registry {
    return this.#registry;
  }

  /** A run begins: counters stand at 0 from the start, so that their first increase shows. */
  begin(group: string, direction: Direction): void {
    const labels = { group, direction };
    for (const counter of [this.#rows, this.#batches, this.#ignored]) counter.inc(labels, 0);
  }

  leading(group: string, leads: boolean): void {
    this.#leading.set({ group }, leads ? 1 : 0);
    // Whoever works the group now shows its figures: ours would stand still.
    if (!leads) this.forget(group);
  }

  watchLag(group: string, direction: Direction, lagMs: () => number | undefined): void {
    this.#lagOf.set(`${group} ${direction}`, { group, direction, lagMs });
  }

  applied(group: string, direction: Direction, applied: Applied): void {
    const labels = { group, direction };
    this.#rows.inc(labels, applied.changes);
    this.#batches.inc(labels);
    const stage = (name: string, fromMs: number, toMs: number) =>
      this.#stageLag.set({ ...labels, stage: name }, Math.max(0, toMs - fromMs) / 1_000);
    stage('capture', applied.committedAtMs, applied.receivedAtMs);
    stage('apply', applied.receivedAtMs, applied.appliedAtMs);
  }

  ignored(group: string, direction: Direction, count: number): void {
    this.#ignored.inc({ group, direction }, count);
  }

  failed(group: string, direction: Direction, code: string): void {
    this.#errors.inc({ group, direction, code });
  }

  slot(...state: Parameters<SlotMetrics['set']>): void {
    this.#slots.set(...state);
  }

  /** Of a group that is synced no longer, or by another worker. Counters stay: they only ever rise. */
  forget(group: string): void {
    for (const direction of directions) {
      this.#lagOf.delete(`${group} ${direction}`);
      this.#lag.remove({ group, direction });
      for (const stage of ['capture', 'transport', 'apply'])
        this.#stageLag.remove({ group, direction, stage });
      this.#slots.forget(group, direction);
    }
  }
}
