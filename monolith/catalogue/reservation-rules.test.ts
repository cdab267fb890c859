import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkStock, orderedLines, sameLines } from './reservation-rules.ts';

const line = fc.record({
  productId: fc.integer({ min: 1, max: 50 }),
  quantity: fc.integer({ min: 1, max: 9 }),
});
const lines = fc.uniqueArray(line, { selector: ({ productId }) => productId, minLength: 1 });

test('the order in which lines are named does not matter', () => {
  fc.assert(
    fc.property(lines, (some) => {
      const ordered = orderedLines(some);
      expect(sameLines(ordered, orderedLines(some.toReversed()))).toBe(true);
      expect(ordered.map(({ productId }) => productId)).toEqual(
        some.map(({ productId }) => productId).sort((a, b) => a - b),
      );
    }),
  );
});

test('a product named twice is refused', () => {
  const twice = [
    { productId: 3, quantity: 1 },
    { productId: 3, quantity: 2 },
  ];
  expect(() => orderedLines(twice)).toThrow(/named twice/);
});

test('lines can be held exactly when every one of them is in stock', () => {
  fc.assert(
    fc.property(lines, fc.integer({ min: 0, max: 9 }), (some, available) => {
      const stock = some.map(({ productId }) => ({ productId, active: true, available }));
      const enough = some.every(({ quantity }) => quantity <= available);
      if (enough) expect(() => checkStock(some, stock)).not.toThrow();
      else expect(() => checkStock(some, stock)).toThrow(/Not enough/);
    }),
  );
});

test('what is archived or unknown cannot be held, however much there is', () => {
  const wanted = [{ productId: 1, quantity: 1 }];
  expect(() => checkStock(wanted, [])).toThrow(/no active product 1/);
  expect(() => checkStock(wanted, [{ productId: 1, active: false, available: 9 }])).toThrow(
    /no active product 1/,
  );
});
