/**
 * Hands out turns at a steady rate, whatever the answers take: an open loop. Turns that nobody was free to take stay due, so
 * a slow shop is not asked less.
 */
export class Pace {
  readonly #perMs: number;
  readonly #waiting: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;
  #due = 0;
  #atMs = performance.now();
  #stopped = false;

  constructor(perSecond: number) {
    this.#perMs = perSecond / 1000;
    this.#timer = setInterval(() => this.#tick(), 4);
  }

  /** False once the pace was stopped. */
  async turn(): Promise<boolean> {
    if (this.#stopped) return false;
    if (this.#due >= 1) {
      this.#due--;
      return true;
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return !this.#stopped;
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
    for (const wake of this.#waiting.splice(0)) wake();
  }

  #tick(): void {
    const now = performance.now();
    this.#due += (now - this.#atMs) * this.#perMs;
    this.#atMs = now;
    while (this.#due >= 1) {
      const wake = this.#waiting.shift();
      if (wake === undefined) return;
      this.#due--;
      wake();
    }
  }
}
