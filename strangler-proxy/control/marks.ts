/** What the sync worker has proved applied, by group: {proxy: mark}. */
export type Covered = ReadonlyMap<string, Readonly<Record<string, number>>>;

const maxPins = 50_000;

/**
 * Read your writes. A write that is answered belongs to the mark that is flushed next; once the worker has covered that mark, the
 * service has applied the write. Until then its client reads from the owner.
 */
export class Marks {
  #current = 1;
  #isDirty = false;
  #covered: Covered = new Map();
  /** By `group client`: the mark to wait for, and whose it is. */
  readonly #pins = new Map<string, { proxy: string; mark: number }>();
  /** Set when pins had to be dropped: until this mark is covered, everybody is pinned. */
  #overflow: number | undefined;
  readonly #waiters = new Map<(covered: boolean) => void, { group: string; mark: number }>();
  readonly #proxy: string;

  constructor(proxy: string) {
    this.#proxy = proxy;
  }

  /** The mark of a write answered now. */
  touch(): number {
    this.#isDirty = true;
    return this.#current;
  }

  get isDirty(): boolean {
    return this.#isDirty;
  }

  /** The newest mark that may be published: every write answered before this call has it or a lower one. */
  flush(): number {
    if (!this.#isDirty) return this.#current - 1;
    this.#isDirty = false;
    return this.#current++;
  }

  get isWaiting(): boolean {
    return this.#pins.size > 0 || this.#overflow !== undefined || this.#waiters.size > 0;
  }

  /** False: nobody is pinned, whoever it is. Spares the reads of a quiet group the hash of their client. */
  get hasPins(): boolean {
    return this.#pins.size > 0 || this.#overflow !== undefined;
  }

  pin(client: string, groups: readonly string[], mark: number, proxy: string = this.#proxy): void {
    for (const group of groups) {
      const key = `${group} ${client}`;
      // Replaced by the newest, at the end of the order in which pins are given up.
      this.#pins.delete(key);
      this.#pins.set(key, { proxy, mark });
      if (this.#pins.size <= maxPins) continue;
      const oldest = this.#pins.keys().next().value;
      if (oldest !== undefined) this.#pins.delete(oldest);
      this.#overflow = Math.max(this.#overflow ?? 0, this.touch());
    }
  }

  isPinned(client: string, group: string): boolean {
    if (this.#overflow !== undefined) return true;
    const pin = this.#pins.get(`${group} ${client}`);
    return pin !== undefined && !this.isCovered(group, pin.proxy, pin.mark);
  }

  isCovered(group: string, proxy: string, mark: number): boolean {
    return (this.#covered.get(group)?.[proxy] ?? 0) >= mark;
  }

  adopt(covered: Covered, lagging: readonly string[]): void {
    this.#covered = covered;
    for (const [key, pin] of this.#pins) {
      const group = key.slice(0, key.indexOf(' '));
      if (!lagging.includes(group) || this.isCovered(group, pin.proxy, pin.mark)) this.#pins.delete(key);
    }
    const overflow = this.#overflow;
    if (overflow !== undefined && lagging.every((group) => this.isCovered(group, this.#proxy, overflow)))
      this.#overflow = undefined;
    for (const [waiter, { group, mark }] of this.#waiters)
      if (this.isCovered(group, this.#proxy, mark)) waiter(true);
  }

  /** Resolves once all that was written before this call is applied to the service; false when that takes too long. */
  caughtUp(group: string, timeoutMs: number): Promise<boolean> {
    const mark = this.touch();
    return new Promise((resolve) => {
      const settle = (covered: boolean) => {
        clearTimeout(timer);
        this.#waiters.delete(settle);
        resolve(covered);
      };
      const timer = setTimeout(() => settle(false), timeoutMs);
      timer.unref();
      this.#waiters.set(settle, { group, mark });
    });
  }
}
