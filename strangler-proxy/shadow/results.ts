import type { Registry } from 'prom-client';
import type { Queryable } from '#kernel/db/pool.ts';
import { Counter } from '#kernel/metrics.ts';
import type { Log } from '#kernel/log.ts';

const shadowClasses = ['equal', 'lag', 'noise', 'ordering', 'code'] as const;
export type ShadowClass = (typeof shadowClasses)[number];

const maxSamplesPerRoute = 20;
const flushMs = 500;

/** What comparisons found: counted at once in metrics, written to the control database in batches. */
export class Results {
  readonly #db: Queryable;
  readonly #log: Log;
  readonly #compared: Counter;
  readonly #skipped: Counter;
  #counts = new Map<string, number>();
  #samples: { group: string; route: string; class: ShadowClass; detail: string }[] = [];
  readonly #sampled = new Map<string, number>();
  readonly #timer: NodeJS.Timeout;
  #flushing: Promise<void> | undefined;

  constructor(db: Queryable, log: Log, registry: Registry, groups: Iterable<string>) {
    this.#db = db;
    this.#log = log;
    this.#compared = new Counter({
      name: 'matapalo_proxy_shadow_comparisons_total',
      help: 'Answers of the service compared with those of the monolith, by what was found.',
      labelNames: ['group', 'class'],
      registers: [registry],
    });
    this.#skipped = new Counter({
      name: 'matapalo_proxy_shadow_skipped_total',
      help: 'Answers that were not compared: too many, too large, or no answer to compare with.',
      labelNames: ['group'],
      registers: [registry],
    });
    for (const group of groups) {
      for (const found of shadowClasses) this.#compared.inc({ group, class: found }, 0);
      this.#skipped.inc({ group }, 0);
    }
    this.#timer = setInterval(() => void this.flush(), flushMs);
    this.#timer.unref();
  }

  count(group: string, route: string, found: ShadowClass): void {
    this.#compared.inc({ group, class: found });
    const key = JSON.stringify([group, route, found]);
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  skipped(group: string): void {
    this.#skipped.inc({ group });
  }

  sample(group: string, route: string, found: ShadowClass, detail: Record<string, unknown>): void {
    const key = `${group} ${route} ${found}`;
    const before = this.#sampled.get(key) ?? 0;
    if (before >= maxSamplesPerRoute) return;
    this.#sampled.set(key, before + 1);
    this.#samples.push({ group, route, class: found, detail: JSON.stringify(detail) });
  }

  flush(): Promise<void> {
    this.#flushing ??= this.#flushOnce().finally(() => (this.#flushing = undefined));
    return this.#flushing;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#flushing;
    await this.flush();
  }

  async #flushOnce(): Promise<void> {
    if (this.#counts.size === 0 && this.#samples.length === 0) return;
    const counts = this.#counts;
    const samples = this.#samples;
    this.#counts = new Map();
    this.#samples = [];
    const rows = [...counts].map(([key, count]) => [...(JSON.parse(key) as [string, string, string]), count]);
    try {
      await this.#db.query(
        `with counted as (
           insert into comparison (group_name, route, class, count)
           select row ->> 0, row ->> 1, row ->> 2, (row ->> 3)::bigint from jsonb_array_elements($1::jsonb) as row
            order by 1, 2, 3
           on conflict (group_name, route, class) do update set count = comparison.count + excluded.count
         )
         insert into comparison_sample (group_name, route, class, detail)
         select row ->> 'group', row ->> 'route', row ->> 'class', (row ->> 'detail')::jsonb
           from jsonb_array_elements($2::jsonb) as row`,
        [JSON.stringify(rows), JSON.stringify(samples)],
      );
    } catch (error) {
      // Counted again with the next batch; samples of an outage are not worth keeping.
      for (const [key, count] of counts) this.#counts.set(key, (this.#counts.get(key) ?? 0) + count);
      this.#log.debug({ err: error }, 'comparisons could not be written; trying again');
    }
  }
}
