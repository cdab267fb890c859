/** Writes that were forwarded and have no answer yet, by group. A drain waits for them. */
export class InFlight {
  readonly #byGroup = new Map<string, number>();
  readonly #ids = new Map<string, string>();
  #next = 0;
  #total = 0;
  /** Called whenever a group's last write ends. */
  onIdle: () => void = () => undefined;

  get total(): number {
    return this.#total;
  }

  /** Counts a write and names it; the name is what its calls carry as their parent. */
  begin(group: string): string {
    const id = (++this.#next).toString(36);
    this.#ids.set(id, group);
    this.#byGroup.set(group, (this.#byGroup.get(group) ?? 0) + 1);
    this.#total++;
    return id;
  }

  end(id: string): void {
    const group = this.#ids.get(id);
    if (group === undefined) return;
    this.#ids.delete(id);
    this.#total--;
    const left = (this.#byGroup.get(group) ?? 1) - 1;
    this.#byGroup.set(group, left);
    if (left === 0) this.onIdle();
  }

  groupOf(id: string): string | undefined {
    return this.#ids.get(id);
  }

  isIdle(groups: readonly string[]): boolean {
    for (const group of groups) if ((this.#byGroup.get(group) ?? 0) > 0) return false;
    return true;
  }

  count(group: string): number {
    return this.#byGroup.get(group) ?? 0;
  }
}
