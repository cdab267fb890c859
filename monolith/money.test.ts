import fc from 'fast-check';
import { expect, test } from 'vitest';
import { amountOf, centsOf } from './money.ts';

test('cents survive the way to decimal text and back', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2_147_483_647 }), (cents) => {
      expect(centsOf(amountOf(cents))).toBe(cents);
    }),
  );
});

test('short decimals mean what they say', () => {
  expect(centsOf('3')).toBe(300);
  expect(centsOf('3.5')).toBe(350);
  expect(centsOf('0.07')).toBe(7);
  expect(amountOf(7)).toBe('0.07');
});
