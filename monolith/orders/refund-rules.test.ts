import fc from 'fast-check';
import { expect, test } from 'vitest';
import { planRefund, type SoldLine } from './refund-rules.ts';

const sold: fc.Arbitrary<SoldLine[]> = fc.uniqueArray(
  fc.record({
    productId: fc.integer({ min: 1, max: 9 }),
    quantity: fc.integer({ min: 1, max: 5 }),
    priceCents: fc.nat(10_000),
  }),
  { selector: ({ productId }) => productId, minLength: 1 },
);
const wanted = fc.array(
  fc.record({ productId: fc.integer({ min: 1, max: 9 }), quantity: fc.integer({ min: 1, max: 6 }) }),
  { minLength: 1, maxLength: 4 },
);

test('whatever is asked for, one after another: never more than was sold, and the money that it cost', () => {
  fc.assert(
    fc.property(sold, fc.array(wanted, { maxLength: 12 }), (lines, requests) => {
      const refunded = new Map<number, number>();
      let paidBack = 0;
      for (const request of requests) {
        const plan = planRefund(lines, refunded, request);
        if ('refused' in plan) continue;
        expect(plan.lines.map(({ productId, quantity }) => ({ productId, quantity }))).toEqual(request);
        paidBack += plan.amountCents;
        for (const { productId, quantity } of plan.lines)
          refunded.set(productId, (refunded.get(productId) ?? 0) + quantity);
      }
      let expected = 0;
      for (const { productId, quantity, priceCents } of lines) {
        expect(refunded.get(productId) ?? 0).toBeLessThanOrEqual(quantity);
        expected += (refunded.get(productId) ?? 0) * priceCents;
      }
      expect(paidBack).toBe(expected);
    }),
  );
});

test('what cannot be refunded is named', () => {
  const lines = [{ productId: 1, quantity: 2, priceCents: 250 }];
  const plan = (...request: [number, number][]) =>
    planRefund(
      lines,
      new Map([[1, 1]]),
      request.map(([productId, quantity]) => ({ productId, quantity })),
    );
  expect(plan([1, 1])).toMatchObject({ amountCents: 250, lines: [{ restock: false }] });
  expect(plan([1, 2])).toEqual({ refused: 'refund-exceeds', productId: 1 });
  expect(plan([2, 1])).toEqual({ refused: 'unknown-product', productId: 2 });
  expect(plan([1, 1], [1, 1])).toEqual({ refused: 'bad-request', productId: 1 });
});
