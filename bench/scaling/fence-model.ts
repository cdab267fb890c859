/**
 * One group as several partitions, each with an applier of its own: what the fence of a switch waits for. A discrete simulation in
 * steps of a millisecond, the same for the same seed. It leaves out what partitions share (the target's disk, its locks), so
 * its throughput is an upper bound and its waits a lower one.
 */
export interface FenceModel {
  partitions: number;
  /** Changes that arrive in a second, over all partitions. */
  changesPerSecond: number;
  /** Changes that one applier commits in a second, busy all the time. */
  applierPerSecond: number;
  /** 0: every key alike. 1: a Zipf distribution, whose most frequent keys are a large share of all. */
  skew: number;
  /** From a beat's commit to its commit in the target where nothing waits before it: median, and 99th percentile. */
  beatMs: { p50: number; p99: number };
  seconds: number;
  seed: number;
}

export interface FenceResult {
  /** The busiest partition's share of the changes. */
  largestShare: number;
  /** How much of its time the busiest applier works; from 1 on its lag grows without end. */
  utilisation: number;
  /** Wait of a fence that begins at a random time: for the beat of every partition. */
  waitMs: { p50: number; p99: number };
}

const keys = 10_000;

export function simulateFence(model: FenceModel): FenceResult {
  const random = randomOf(model.seed);
  const shares = sharesOf(model);
  const largestShare = Math.max(...shares);
  const perMs = model.changesPerSecond / 1_000;
  const servedPerMs = model.applierPerSecond / 1_000;
  const queues = shares.map(() => 0);
  const waits: number[] = [];
  for (let ms = 0; ms < model.seconds * 1_000; ms++) {
    shares.forEach((share, partition) => {
      const queue = queues[partition] ?? 0;
      queues[partition] = Math.max(0, queue + poisson(share * perMs, random) - servedPerMs);
    });
    // Begun at each hundredth millisecond: the beats go to all partitions at once, the fence waits for the last.
    if (ms % 100 === 99) {
      waits.push(Math.max(...queues.map((queue) => queue / servedPerMs + beat(model.beatMs, random))));
    }
  }
  waits.sort((a, b) => a - b);
  return {
    largestShare,
    utilisation: (largestShare * model.changesPerSecond) / model.applierPerSecond,
    waitMs: { p50: quantile(waits, 0.5), p99: quantile(waits, 0.99) },
  };
}

/** Keys are spread by a hash, which is as good as drawing lots. */
function sharesOf({ partitions, skew, seed }: FenceModel): number[] {
  const random = randomOf(seed + 1);
  const shares = new Array<number>(partitions).fill(0);
  let total = 0;
  for (let rank = 1; rank <= keys; rank++) {
    const weight = 1 / rank ** skew;
    const partition = Math.floor(random() * partitions);
    shares[partition] = (shares[partition] ?? 0) + weight;
    total += weight;
  }
  return shares.map((share) => share / total);
}

/** Log-normal through the two given quantiles. */
function beat({ p50, p99 }: FenceModel['beatMs'], random: () => number): number {
  const sigma = Math.log(p99 / p50) / 2.326;
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return p50 * Math.exp(sigma * normal);
}

function poisson(mean: number, random: () => number): number {
  // Of large means the normal distribution is close enough, and quick.
  if (mean > 50) {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal));
  }
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = random(); product > limit; product *= random()) count++;
  return count;
}

function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
}

/** mulberry32. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
