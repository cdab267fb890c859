import { Counter, Histogram, type Registry } from '#kernel/metrics.ts';
import type { Side } from '#plan/phase.ts';

/** Why a held write was given up: no place was left, or its time was over. */
export type GivenUp = 'too-many' | 'too-long';

const sides: readonly Side[] = ['legacy', 'service'];

/** What happens to writes around a switch: held, given up, refused by the side that was asked. */
export class WriteMetrics {
  readonly #held: Histogram;
  readonly #givenUp: Counter;
  readonly #refused: Counter;

  constructor(registry: Registry, groups: Iterable<string>) {
    const registers = [registry];
    this.#held = new Histogram({
      name: 'matapalo_proxy_held_seconds',
      help: 'Time that writes waited for a switch or rollback.',
      labelNames: ['group'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5],
      registers,
    });
    this.#givenUp = new Counter({
      name: 'matapalo_proxy_held_refused_total',
      help: 'Writes answered 503 because too many waited, or they had waited too long.',
      labelNames: ['group', 'reason'],
      registers,
    });
    this.#refused = new Counter({
      name: 'matapalo_proxy_refused_writes_total',
      help: "Writes that the asked side's guard refused, answered 503.",
      labelNames: ['group', 'side'],
      registers,
    });
    // A counter that first appears at 1 hides its first increase.
    for (const group of [...groups, 'none']) {
      for (const side of sides) this.#refused.inc({ group, side }, 0);
      if (group === 'none') continue;
      this.#held.zero({ group });
      for (const reason of ['too-many', 'too-long'] as const) this.#givenUp.inc({ group, reason }, 0);
    }
  }

  held(group: string, seconds: number): void {
    this.#held.observe({ group }, seconds);
  }

  givenUp(group: string, reason: GivenUp): void {
    this.#givenUp.inc({ group, reason });
  }

  refused(group: string, side: Side): void {
    this.#refused.inc({ group, side });
  }
}
