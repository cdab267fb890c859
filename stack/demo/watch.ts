import type { OperatorApi } from './operator-api.ts';
import type { Comparisons } from './report.ts';
import { percentile, type Meter } from './shoppers/meter.ts';

/** Samples lag all the time and tells how things stand: one line that is rewritten on a terminal, else one every few seconds. */
export class Watch {
  readonly lagsMs: number[] = [];
  comparisons: Comparisons = { total: 0, byCode: 0, samples: [] };
  readonly #api: OperatorApi;
  readonly #meter: Meter;
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #startedMs = Date.now();
  #busy = false;
  #from = 0;
  #fromMs = Date.now();

  constructor(api: OperatorApi, meter: Meter) {
    this.#api = api;
    this.#meter = meter;
  }

  start(): void {
    this.#timers.push(
      setInterval(() => void this.look(), 250),
      setInterval(() => this.#tell(), process.stdout.isTTY ? 500 : 4_000),
    );
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
    if (process.stdout.isTTY) process.stdout.write('\r\x1b[K');
  }

  /** Something that happened, on a line of its own. */
  say(text: string): void {
    const seconds = ((Date.now() - this.#startedMs) / 1000).toFixed(1).padStart(6);
    process.stdout.write(`${process.stdout.isTTY ? '\r\x1b[K' : ''}[${seconds} s] ${text}\n`);
  }

  async look(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    try {
      const { phase, sync, comparisons, comparisonSamples } = await this.#api.group('catalogue');
      const live = phase === 'migrated' ? 'reverse' : 'forward';
      const row = sync.find(({ direction, state }) => direction === live && state === 'streaming');
      // Commit to commit: the age of the newest beat would add the time between two beats.
      if (typeof row?.captureLagMs === 'number') this.lagsMs.push(row.captureLagMs + (row.applyLagMs ?? 0));
      this.comparisons = {
        total: Object.values(comparisons).reduce((sum, count) => sum + count, 0),
        byCode: comparisons['code'] ?? 0,
        samples: comparisonSamples
          .filter((sample) => sample.class === 'code')
          .map((sample) => JSON.stringify(sample)),
      };
    } catch {
      // The journey meets an operator that does not answer, and says so; a missed sample is no more than that.
    } finally {
      this.#busy = false;
    }
  }

  #tell(): void {
    const now = Date.now();
    const recent = this.#meter.samples.slice(this.#from);
    const rate = (recent.length * 1000) / Math.max(1, now - this.#fromMs);
    this.#from = this.#meter.samples.length;
    this.#fromMs = now;
    const latencies = recent.map(({ startMs, endMs }) => endMs - startMs);
    const lag = this.lagsMs.at(-1);
    const text =
      `${this.#meter.phase.padEnd(14)} ${rate.toFixed(0).padStart(4)} req/s  ${this.#meter.failed} failed  ` +
      `p50 ${percentile(latencies, 0.5)} ms  p99 ${percentile(latencies, 0.99)} ms  ` +
      `lag ${lag === undefined ? '-' : `${lag.toFixed(1)} ms`}  ` +
      `${this.comparisons.total} compared, ${this.comparisons.byCode} mismatches`;
    if (process.stdout.isTTY) process.stdout.write(`\r\x1b[K${text}`);
    else process.stdout.write(`          ${text}\n`);
  }
}
