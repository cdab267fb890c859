import fc from 'fast-check';
import { expect, test } from 'vitest';
import { heldAcross, percentile, type Sample } from './meter.ts';

const sample = (startMs: number, endMs: number, change: Partial<Sample> = {}): Sample => ({
  phase: 'canary',
  route: '/products/:id',
  write: true,
  moving: true,
  startMs,
  endMs,
  ...change,
});

test('held is what was in flight at the release: neither drained before nor sent after, nor a read, nor of another group', () => {
  const samples = [
    sample(90, 160),
    sample(110, 170),
    sample(80, 120),
    sample(151, 180),
    sample(110, 170, { write: false }),
    sample(110, 170, { moving: false }),
  ];
  expect(heldAcross(samples, 100, 150)).toEqual([70, 60]);
});

test('a percentile is one of the values, with no more than its share of them below', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(1000), { minLength: 1 }),
      fc.double({ min: 0.01, max: 1, noNaN: true }),
      (values, share) => {
        const found = percentile(values, share);
        expect(values).toContain(found);
        expect(values.filter((value) => value < found).length).toBeLessThan(share * values.length + 1e-9);
        expect(values.filter((value) => value <= found).length).toBeGreaterThanOrEqual(
          share * values.length - 1e-9,
        );
      },
    ),
  );
  expect(percentile([], 0.5)).toBe(0);
});
