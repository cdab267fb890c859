import { setTimeout as delay } from 'node:timers/promises';
import { compareSides, describeDifference, type Sides } from './auditor/compare-sides.ts';
import type { OperatorApi, TransitionView } from './operator-api.ts';
import { watchHold } from './watch-hold.ts';
import type { SwitchReport, Verification } from './report.ts';
import type { Crowd } from './shoppers/crowd.ts';
import { heldAcross, percentile } from './shoppers/meter.ts';

const group = 'catalogue';

/** The stations of the catalogue, with the share of the time under load that each gets. */
export const stations = [
  ['legacy', 0.06],
  ['syncing', 0.1],
  ['shadow', 0.2],
  ['canary 10', 0.12],
  ['canary 50', 0.12],
  ['migrated', 0.12],
  ['rolled back', 0.08],
  ['canary again', 0.06],
  ['migrated again', 0.08],
  ['retired', 0.06],
] as const;
export type Station = (typeof stations)[number][0];

export interface JourneyOptions {
  api: OperatorApi;
  crowd: Crowd;
  sides: Sides;
  controlUrl: string;
  seconds: number;
  signal: AbortSignal;
  say: (text: string) => void;
  /** Just before the last verification of the two sides. */
  beforeLastLook: () => Promise<void>;
  /** How long a gate may stay unmet. */
  patienceMs: number;
}

/** Moves the catalogue there, back and there again, as an engineer would, while the crowd shops. */
export class Journey {
  readonly verification: Verification[] = [];
  readonly switches: SwitchReport[] = [];
  /** What did not go as it should. */
  readonly trouble: string[] = [];
  readonly visited: Station[] = [];
  readonly #o: JourneyOptions;

  constructor(options: JourneyOptions) {
    this.#o = options;
  }

  async run(): Promise<void> {
    await this.#stay('legacy');
    await this.#move('sync');
    await this.#stay('syncing');
    await this.#streaming();
    await this.#move('shadow');
    await this.#stay('shadow');
    await this.#compared(1000);
    await this.#move('canary', { percent: 10 });
    await this.#stay('canary 10');
    await this.#move('canary', { percent: 50 });
    await this.#stay('canary 50');
    await this.#verify('forward');
    await this.#handOver('switch', 'migrated');
    await this.#verify('reverse');
    await this.#handOver('rollback', 'rolled back');
    await this.#move('canary', { percent: 50 });
    await this.#stay('canary again');
    await this.#verify('forward');
    await this.#handOver('switch', 'migrated again');
    await this.#o.beforeLastLook();
    await this.#verify('reverse');
    await this.#move('retire');
    await this.#stay('retired');
  }

  /** Time under load at a station; what follows until the next one counts for it too. */
  async #stay(station: Station): Promise<void> {
    this.#arrive(station);
    const share = stations.find(([name]) => name === station)?.[1] ?? 0;
    await delay(share * this.#o.seconds * 1000, undefined, { signal: this.#o.signal });
  }

  #arrive(station: Station): void {
    this.visited.push(station);
    this.#o.crowd.meter.phase = station;
    this.#o.say(station);
  }

  async #move(kind: string, body: Record<string, unknown> = {}): Promise<TransitionView> {
    this.#o.say(`${kind} ${Object.values(body).join(' ')}`.trim());
    return this.#o.api.transit(group, kind, body, this.#o.patienceMs);
  }

  async #handOver(kind: 'switch' | 'rollback', to: Station): Promise<void> {
    const { crowd } = this.#o;
    const hold = await watchHold(this.#o.controlUrl, group);
    const calm = crowd.rush(hold.began);
    let transition: TransitionView;
    try {
      await delay(300, undefined, { signal: this.#o.signal });
      transition = await this.#move(kind);
    } finally {
      await calm();
      await hold.close();
    }
    const at = (step: string) => {
      const entry = transition.journal.find((candidate) => candidate.step === step);
      return entry === undefined ? Number.NaN : Date.parse(entry.at);
    };
    const held = heldAcross(crowd.meter.samples, at('holding'), at('published'));
    this.switches.push({
      group,
      kind,
      predictedMs: transition.predictedPauseMs,
      pauseMs: transition.measured?.pauseMs,
      heldP99Ms: percentile(held, 0.99),
      heldRequests: held.length,
    });
    const parts = Object.entries(transition.measured ?? {}).flatMap(([name, value]) =>
      name.endsWith('Ms') ? [`${name.slice(0, -2)} ${String(value)}`] : [],
    );
    this.#o.say(
      `${kind} done: ${held.length} requests held, p50 ${percentile(held, 0.5)} ms, p99 ${percentile(held, 0.99)} ms (${parts.join(', ')} ms)`,
    );
    await this.#stay(to);
  }

  /** By the auditor first, then by the tool: both look at the same moving rows, each in its own way. */
  async #verify(direction: 'forward' | 'reverse'): Promise<void> {
    this.#o.say(`verify ${direction}`);
    const own = await compareSides(this.#o.sides);
    this.verification.push({
      group,
      direction,
      rows: own.rows,
      differences: own.differences.length,
      by: 'auditor',
    });
    for (const difference of own.differences.slice(0, 5))
      this.trouble.push(`the sides differ: ${describeDifference(difference)}`);
    const { rows, differences, samples } = await this.#o.api.verify(group, direction);
    this.verification.push({ group, direction, rows, differences, by: 'tool' });
    if (differences > 0)
      this.trouble.push(
        `verify ${direction} found ${differences} differences: ${JSON.stringify(samples.slice(0, 3))}`,
      );
  }

  async #streaming(): Promise<void> {
    await this.#until('both directions are not streaming', async () => {
      const { sync, stopped } = await this.#o.api.group(group);
      if (stopped) throw new Error(`The catalogue is stopped: ${stopped.message} ${stopped.hint}`);
      return sync.length === 2 && sync.every(({ state }) => state === 'streaming');
    });
  }

  async #compared(wanted: number): Promise<void> {
    await this.#until(`fewer than ${wanted} shadow comparisons were made`, async () => {
      const { comparisons } = await this.#o.api.group(group);
      return Object.values(comparisons).reduce((sum, count) => sum + count, 0) >= wanted;
    });
  }

  async #until(otherwise: string, holds: () => Promise<boolean>): Promise<void> {
    const deadline = Date.now() + 120_000;
    while (!(await holds())) {
      if (Date.now() > deadline) throw new Error(`After two minutes ${otherwise}.`);
      await delay(250, undefined, { signal: this.#o.signal });
    }
  }
}
