import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultLimits, isFull, isWorthWaiting } from './batch-limits.ts';

const mebibyte = 1024 * 1024;

describe('the end of a batch', () => {
  it('is at the rows to write where each row changes once, and later where rows are hot', () => {
    expect(isFull(defaultLimits, 11_999, 12_500, 0)).toBe(false);
    expect(isFull(defaultLimits, 12_000, 12_500, 0)).toBe(true);
    expect(isFull(defaultLimits, 12_000, 40_000, 0)).toBe(false);
    expect(isFull(defaultLimits, defaultLimits.hot.rows, 100_000, 0)).toBe(true);
  });

  it('is at the bytes, more of them where few are to be sent on', () => {
    expect(isFull(defaultLimits, 100, 150, 12 * mebibyte)).toBe(true);
    expect(isFull(defaultLimits, 100, 1_000, 12 * mebibyte)).toBe(false);
    expect(isFull(defaultLimits, 100, 1_000, defaultLimits.hot.bytes)).toBe(true);
  });

  it('comes for any stream: no batch has more than the larger limits', () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), fc.nat(1_000_000), fc.nat(100 * mebibyte), (rows, more, bytes) => {
        const { hot, changes } = defaultLimits;
        const beyond = rows >= hot.rows || rows + more >= changes || bytes >= hot.bytes;
        if (beyond) expect(isFull(defaultLimits, rows, rows + more, bytes)).toBe(true);
      }),
    );
  });
});

describe('waiting for a fuller batch', () => {
  it('pays far behind the source, while the batch is small or its rows are hot', () => {
    expect(isWorthWaiting(3_000, 3_000, 5_000)).toBe(true);
    expect(isWorthWaiting(9_000, 9_000, 5_000)).toBe(false);
    expect(isWorthWaiting(9_000, 40_000, 5_000)).toBe(true);
  });

  it('is never done for what has just been committed, nor for a lone transaction', () => {
    expect(isWorthWaiting(9_000, 40_000, 1_000)).toBe(false);
    expect(isWorthWaiting(10, 999, 60_000)).toBe(false);
  });
});
