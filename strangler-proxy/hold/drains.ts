import type { Hold, RouteTable } from '../route-table/table.ts';
import type { InFlight } from './in-flight.ts';

/** Which holds have no older write in flight any more. New outermost writes wait, so a drained hold stays drained. */
export class Drains {
  readonly #inFlight: InFlight;
  readonly #onDrained: () => void;
  #holds: readonly Hold[] = [];
  #drained = new Set<string>();

  constructor(inFlight: InFlight, onDrained: () => void) {
    this.#inFlight = inFlight;
    this.#onDrained = onDrained;
    inFlight.onIdle = () => this.#check();
  }

  /** Transitions drained here, among those that hold now. */
  get drained(): ReadonlySet<string> {
    return this.#drained;
  }

  adopt(table: RouteTable): void {
    this.#holds = table.holds;
    this.#drained = new Set(
      [...this.#drained].filter((id) => table.holds.some((hold) => hold.transition === id)),
    );
    this.#check();
  }

  #check(): void {
    let changed = false;
    for (const hold of this.#holds) {
      if (this.#drained.has(hold.transition) || !this.#inFlight.isIdle(hold.affected)) continue;
      this.#drained.add(hold.transition);
      changed = true;
    }
    if (changed) this.#onDrained();
  }
}
