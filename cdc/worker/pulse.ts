import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { beat, type Beat } from '#guard/ownership.ts';
import type { Log } from '#kernel/log.ts';

const beatEveryMs = 1_000;
const marksEveryMs = 150;

/** Beats in one captured database, each second, outside of any origin, so that the other side sees that the stream is alive. */
export async function pulse(pool: pg.Pool, group: string, signal: AbortSignal, log: Log): Promise<void> {
  while (!signal.aborted) {
    try {
      await beat(pool, group);
    } catch (error) {
      if (!signal.aborted) log.warn({ err: error, group }, 'no beat could be written');
    }
    await delay(beatEveryMs, undefined, { signal }).catch(() => undefined);
  }
}

/**
 * Read your writes in canary: proxies count marks; a beat that was written after a mark was read, once applied, proves that all
 * the proxy had answered before that mark is in the service's database.
 */
export class Marks {
  readonly #control: pg.Pool;
  readonly #legacy: pg.Pool;
  readonly #group: string;
  readonly #waiting: { beat: Beat; marks: Record<string, number> }[] = [];
  readonly #onCovered: (marks: Record<string, number>) => void;
  #last = '{}';
  #applied = -1n;

  constructor(
    control: pg.Pool,
    legacy: pg.Pool,
    group: string,
    onCovered: (marks: Record<string, number>) => void,
  ) {
    this.#onCovered = onCovered;
    this.#control = control;
    this.#legacy = legacy;
    this.#group = group;
  }

  /** Looks for moved marks, and beats when there are some, until aborted. */
  async watch(active: () => boolean, signal: AbortSignal, log: Log): Promise<void> {
    while (!signal.aborted) {
      try {
        if (active()) await this.#turn();
      } catch (error) {
        if (!signal.aborted) log.warn({ err: error, group: this.#group }, 'marks could not be followed');
      }
      await delay(marksEveryMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async #turn(): Promise<void> {
    const { rows } = await this.#control.query<{ id: string; mark: string }>(
      'select id, mark::text from proxy where mark > 0 order by id',
    );
    const marks = Object.fromEntries(rows.map((row) => [row.id, Number(row.mark)]));
    const text = JSON.stringify(marks);
    if (text === this.#last) return;
    const written = await beat(this.#legacy, this.#group);
    if (written === undefined) return;
    this.#last = text;
    this.#waiting.push({ beat: written, marks });
    this.#cover();
  }

  /** Beats come in order; one that has been applied proves the marks read before it. */
  applied(beat: Beat): void {
    this.#applied = beat.n;
    this.#cover();
  }

  #cover(): void {
    let marks: Record<string, number> | undefined;
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      if (first.beat.n > this.#applied) break;
      marks = first.marks;
      this.#waiting.shift();
    }
    if (marks !== undefined) this.#onCovered(marks);
  }
}
