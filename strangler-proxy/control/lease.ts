/**
 * How long the last table may be trusted. A process that was stopped for a while wakes with a table of long ago; the guard
 * refuses its writes, but nothing refuses its reads. Time is monotonic: a changed wall clock renews nothing.
 */
export class Lease {
  static readonly durationMs = 3_000;
  #until = -Infinity;
  readonly #now: () => number;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  now(): number {
    return this.#now();
  }

  /** `askedAt` is when the question was sent whose answer showed the table to be current. */
  renew(askedAt: number): void {
    this.#until = Math.max(this.#until, askedAt + Lease.durationMs);
  }

  hasExpired(): boolean {
    return this.#now() > this.#until;
  }

  remainingMs(): number {
    return Math.max(0, this.#until - this.#now());
  }
}
