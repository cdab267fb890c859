import type { Hold } from '../route-table/table.ts';

/** A write that waits, its body unread on the socket. */
export interface Waiting {
  hold: Hold;
  /** The table changed: decide anew. Returns the hold that still applies, or undefined when it went on. */
  retry(): Hold | undefined;
  /** Held for too long. */
  expire(): void;
  /** Milliseconds, for the time that it was held. */
  since: number;
}

/** Bounded per hold, in number and in time, so that one group's switch costs the others nothing. */
export class WaitingRoom {
  readonly #waiting = new Map<Waiting, NodeJS.Timeout>();
  readonly #byTransition = new Map<string, number>();

  get size(): number {
    return this.#waiting.size;
  }

  /** False when the hold has no place left. */
  enter(waiting: Waiting): boolean {
    const held = this.#byTransition.get(waiting.hold.transition) ?? 0;
    if (held >= waiting.hold.maxHeld) return false;
    this.#byTransition.set(waiting.hold.transition, held + 1);
    const timer = setTimeout(() => {
      this.leave(waiting);
      waiting.expire();
    }, waiting.hold.maxHoldMs);
    this.#waiting.set(waiting, timer);
    return true;
  }

  /** Frees the place: the request went on, expired, or its client left. */
  leave(waiting: Waiting): void {
    const timer = this.#waiting.get(waiting);
    if (timer === undefined) return;
    clearTimeout(timer);
    this.#waiting.delete(waiting);
    const left = (this.#byTransition.get(waiting.hold.transition) ?? 1) - 1;
    if (left > 0) this.#byTransition.set(waiting.hold.transition, left);
    else this.#byTransition.delete(waiting.hold.transition);
  }

  /** After a new table: each is decided anew, in order of arrival. One that is still held keeps its place and deadline. */
  releaseAll(): void {
    for (const waiting of [...this.#waiting.keys()]) {
      if (!this.#waiting.has(waiting)) continue;
      const next = waiting.retry();
      if (next === undefined) this.leave(waiting);
      else if (next.transition !== waiting.hold.transition) this.#move(waiting, next);
    }
  }

  #move(waiting: Waiting, hold: Hold): void {
    const left = (this.#byTransition.get(waiting.hold.transition) ?? 1) - 1;
    if (left > 0) this.#byTransition.set(waiting.hold.transition, left);
    else this.#byTransition.delete(waiting.hold.transition);
    this.#byTransition.set(hold.transition, (this.#byTransition.get(hold.transition) ?? 0) + 1);
    waiting.hold = hold;
  }
}
