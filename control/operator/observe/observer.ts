import { setTimeout as delay } from 'node:timers/promises';
import { readRefusals } from '#guard/refusals.ts';
import { observePool } from '#kernel/metrics.ts';
import type { GroupPlan } from '#plan/compile.ts';
import type { Side } from '#plan/phase.ts';
import { readRoutes } from '#plan/store/groups.ts';
import { readProgress } from '#plan/store/progress.ts';
import type { Operator } from '../operator.ts';
import { GroupGauges } from './group-gauges.ts';
import { countTransitions, readHandovers, readVerifications } from './read-groups.ts';

const freshMs = 900;
const patienceMs = 2_000;

interface Place {
  /** `legacy`, or the name of a service. */
  database: string;
  side: Side;
  group: GroupPlan;
}

/**
 * Reads the databases when somebody looks at the metrics: at most once in a while, however many look, and never for longer
 * than a scrape may take.
 */
export class Observer {
  readonly #op: Operator;
  readonly #gauges: GroupGauges;
  /** One group for each captured database: all groups of a database are read together. */
  readonly #places: readonly Place[];
  #looking: Promise<void> | undefined;
  #lookedAt = -Infinity;

  constructor(op: Operator) {
    this.#op = op;
    const { registry } = op.metrics;
    this.#gauges = new GroupGauges(registry);
    observePool(op.control, registry, 'control');
    observePool(op.steps, registry, 'control_steps');
    const places = new Map<unknown, Place>();
    for (const group of op.plan.groups.values()) {
      for (const side of ['legacy', 'service'] as const) {
        const pool = op.databases.of(group, side);
        if (places.has(pool)) continue;
        const database = side === 'legacy' ? 'legacy' : group.service.name;
        places.set(pool, { database, side, group });
        observePool(pool, registry, database);
      }
    }
    this.#places = [...places.values()];
  }

  look(): Promise<void> {
    if (performance.now() - this.#lookedAt < freshMs) return Promise.resolve();
    this.#looking ??= this.#lookAtAll().finally(() => {
      this.#looking = undefined;
      this.#lookedAt = performance.now();
    });
    return this.#looking;
  }

  async #lookAtAll(): Promise<void> {
    await Promise.all([
      this.#reading('control', () => this.#control()),
      ...this.#places.map((place) => this.#reading(place.database, () => this.#captured(place))),
    ]);
  }

  /** `read` returns what shows its findings; what came too late is not shown. */
  async #reading(database: string, read: () => Promise<() => void>): Promise<void> {
    const answer = await Promise.race([
      read().catch((error: unknown) => {
        this.#op.log.debug({ err: error, database }, 'metrics could not be read');
        return undefined;
      }),
      delay(patienceMs, undefined, { ref: false }),
    ]);
    if (database === 'control') this.#gauges.clear();
    answer?.();
    this.#gauges.database(database, answer !== undefined);
  }

  async #control(): Promise<() => void> {
    const { control, plan } = this.#op;
    const [routes, progress, verifications, counts, handovers] = await Promise.all([
      readRoutes(control),
      readProgress(control),
      readVerifications(control),
      countTransitions(control),
      readHandovers(control),
    ]);
    const isOurs = ({ group }: { group: string }) => plan.groups.has(group);
    return () => {
      for (const state of routes.groups) if (plan.groups.has(state.name)) this.#gauges.group(state);
      for (const row of progress.filter(isOurs)) this.#gauges.progress(row);
      for (const row of verifications.filter(isOurs)) this.#gauges.verification(row);
      this.#gauges.transitions(counts.filter(isOurs), handovers.filter(isOurs));
    };
  }

  async #captured({ group, side, database }: Place): Promise<() => void> {
    const { plan, databases } = this.#op;
    const refusals = await readRefusals(databases.of(group, side));
    return () => {
      for (const { name, service } of plan.groups.values()) {
        if (side === 'service' && service.name !== database) continue;
        this.#gauges.refused(name, side, refusals.get(name) ?? 0);
      }
    };
  }
}
