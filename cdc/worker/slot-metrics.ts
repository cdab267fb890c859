import { Gauge, type Registry } from '#kernel/metrics.ts';
import type { Direction } from '#plan/phase.ts';
import type { SlotState } from '../capture/direct/objects.ts';

const labelNames = ['group', 'direction'];

/** What each replication slot costs its source, and how long it may go on. */
export class SlotMetrics {
  readonly #retained: Gauge;
  readonly #safe: Gauge;
  readonly #position: Gauge;
  readonly #active: Gauge;

  constructor(registry: Registry) {
    const gauge = (name: string, help: string) =>
      new Gauge({ name, help, labelNames, registers: [registry] });
    this.#retained = gauge('matapalo_slot_retained_wal_bytes', 'WAL that the slot keeps from being removed.');
    this.#safe = gauge(
      'matapalo_slot_safe_wal_bytes',
      'WAL that may still be written before the slot is lost. Absent where max_slot_wal_keep_size sets no limit.',
    );
    this.#position = gauge(
      'matapalo_slot_source_wal_position_bytes',
      'How far the source of the slot has written its WAL; its rate is what the source writes.',
    );
    this.#active = gauge('matapalo_slot_active', '1 while somebody reads the slot.');
  }

  set(group: string, direction: Direction, slot: SlotState): void {
    const labels = { group, direction };
    this.#retained.set(labels, Number(slot.retainedBytes));
    this.#position.set(labels, Number(slot.walPosition));
    this.#active.set(labels, slot.active ? 1 : 0);
    if (slot.safeBytes === undefined) this.#safe.remove(labels);
    else this.#safe.set(labels, Number(slot.safeBytes));
  }

  forget(group: string, direction: Direction): void {
    for (const metric of [this.#retained, this.#safe, this.#position, this.#active])
      metric.remove({ group, direction });
  }
}
