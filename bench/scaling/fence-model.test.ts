import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { simulateFence, type FenceModel } from './fence-model.ts';

const usual: FenceModel = {
  partitions: 1,
  changesPerSecond: 10_000,
  applierPerSecond: 50_000,
  skew: 0,
  beatMs: { p50: 4, p99: 20 },
  seconds: 20,
  seed: 7,
};
const run = (change: Partial<FenceModel>) => simulateFence({ ...usual, ...change });

describe('a fence over partitions', () => {
  it('is the same for the same seed', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 16 }), fc.integer({ min: 0, max: 1_000 }), (partitions, seed) => {
        const one = run({ partitions, seed, seconds: 2 });
        expect(run({ partitions, seed, seconds: 2 })).toEqual(one);
      }),
      { numRuns: 20 },
    );
  });

  it('with one partition and little to do waits as long as one beat takes', () => {
    const { waitMs, largestShare } = run({ changesPerSecond: 100, seconds: 200 });
    expect(largestShare).toBe(1);
    expect(waitMs.p50).toBeGreaterThan(3);
    expect(waitMs.p50).toBeLessThan(5);
    expect(waitMs.p99).toBeGreaterThan(14);
    expect(waitMs.p99).toBeLessThan(28);
  });

  it('waits longer the more beats it waits for, as none may be missing', () => {
    const waits = [1, 4, 16].map((partitions) => run({ partitions, changesPerSecond: 100 }).waitMs.p50);
    expect(waits).toEqual(waits.toSorted((a, b) => a - b));
  });

  it('is bounded by the busiest partition: a hot key goes to one of them, however many there are', () => {
    const even = run({ partitions: 16 });
    const hot = run({ partitions: 16, skew: 1 });
    expect(even.largestShare).toBeLessThan(0.08);
    // The most frequent of 10,000 keys alone has a tenth.
    expect(hot.largestShare).toBeGreaterThan(0.1);
  });

  it('of an applier that cannot keep up grows with time', () => {
    const over = { partitions: 1, changesPerSecond: 60_000 };
    expect(run(over).utilisation).toBeGreaterThan(1);
    expect(run({ ...over, seconds: 20 }).waitMs.p50).toBeGreaterThan(
      run({ ...over, seconds: 5 }).waitMs.p50 * 2,
    );
  });
});
