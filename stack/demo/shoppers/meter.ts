/** One request of a shopper, from its first byte out to its last byte in. Times are of this machine's clock. */
export interface Sample {
  phase: string;
  /** Method and path pattern. */
  route: string;
  write: boolean;
  /** It touches the group that moves. */
  moving: boolean;
  startMs: number;
  endMs: number;
}

const keptFailures = 25;

/** Counts every request, and what went wrong in words. */
export class Meter {
  phase = 'legacy';
  readonly samples: Sample[] = [];
  failed = 0;
  readonly failures: string[] = [];
  inFlight = 0;
  readonly #startedMs = Date.now();

  record(sample: Sample): void {
    this.samples.push(sample);
  }

  fail(text: string): void {
    this.failed++;
    if (this.failures.length < keptFailures) {
      const at = ((Date.now() - this.#startedMs) / 1000).toFixed(2);
      this.failures.push(`[${at} s, ${this.phase}] ${text}`.slice(0, 600));
    }
  }

  get writes(): number {
    return this.samples.reduce((count, sample) => count + (sample.write ? 1 : 0), 0);
  }

  get movingWrites(): number {
    return this.samples.reduce((count, sample) => count + (sample.write && sample.moving ? 1 : 0), 0);
  }
}

/** Nearest rank; 0 of nothing. */
export function percentile(values: readonly number[], share: number): number {
  if (values.length === 0) return 0;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? 0;
}

/**
 * The writes that a switch held: in flight when it released them, so neither drained before nor sent after. Their whole
 * latency counts, as the client saw it.
 */
export function heldAcross(samples: readonly Sample[], holdMs: number, releaseMs: number): number[] {
  return samples
    .filter(
      (sample) =>
        sample.write &&
        sample.moving &&
        sample.endMs >= holdMs &&
        sample.startMs <= releaseMs &&
        sample.endMs >= releaseMs,
    )
    .map((sample) => sample.endMs - sample.startMs);
}
