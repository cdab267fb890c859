import { Counter, Gauge, type Registry } from '#kernel/metrics.ts';
import type { Direction } from '#plan/phase.ts';
import type { Applied } from '../apply/applier.ts';

const labelNames = ['group', 'direction'];

/** The worker's metrics, by group and direction. */
export class SyncMetrics {
  readonly #rows: Counter;
  readonly #batches: Counter;
  readonly #ignored: Counter;
  readonly #errors: Counter;
  readonly #lag: Gauge;
  readonly #captureLag: Gauge;
  readonly #applyLag: Gauge;
  readonly #retained: Gauge;
  readonly #lagOf = new Map<
    string,
    { group: string; direction: Direction; lagMs: () => number | undefined }
  >();

  constructor(registry: Registry) {
    const registers = [registry];
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
      help: 'Failures that ended a direction, by code.',
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
    this.#captureLag = new Gauge({
      name: 'matapalo_sync_capture_lag_seconds',
      help: "From the source's commit to our receiving it.",
      labelNames,
      registers,
    });
    this.#applyLag = new Gauge({
      name: 'matapalo_sync_apply_lag_seconds',
      help: "From receiving a change to the target's commit.",
      labelNames,
      registers,
    });
    this.#retained = new Gauge({
      name: 'matapalo_sync_retained_wal_bytes',
      help: 'WAL that the slot keeps from being removed.',
      labelNames,
      registers,
    });
  }

  watchLag(group: string, direction: Direction, lagMs: () => number | undefined): void {
    this.#lagOf.set(`${group} ${direction}`, { group, direction, lagMs });
  }

  applied(group: string, direction: Direction, applied: Applied): void {
    const labels = { group, direction };
    this.#rows.inc(labels, applied.changes);
    this.#batches.inc(labels);
    this.#captureLag.set(labels, Math.max(0, applied.receivedAtMs - applied.committedAtMs) / 1_000);
    this.#applyLag.set(labels, Math.max(0, applied.appliedAtMs - applied.receivedAtMs) / 1_000);
  }

  ignored(group: string, direction: Direction, count: number): void {
    this.#ignored.inc({ group, direction }, count);
  }

  failed(group: string, direction: Direction, code: string): void {
    this.#errors.inc({ group, direction, code });
  }

  retained(group: string, direction: Direction, bytes: bigint): void {
    this.#retained.set({ group, direction }, Number(bytes));
  }

  forget(group: string): void {
    for (const direction of ['forward', 'reverse'] as const) {
      this.#lagOf.delete(`${group} ${direction}`);
      for (const metric of [this.#lag, this.#captureLag, this.#applyLag, this.#retained]) {
        metric.remove({ group, direction });
      }
    }
  }
}
