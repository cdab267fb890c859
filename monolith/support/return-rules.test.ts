import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  claims,
  codeOfReturn,
  isUnsettled,
  mayReturnMove,
  overReturned,
  returnStatuses,
  returnStatusOf,
  sameReturn,
} from './return-rules.ts';

const lines = fc.uniqueArray(
  fc.record({ productId: fc.integer({ min: 1, max: 5 }), quantity: fc.integer({ min: 1, max: 9 }) }),
  { selector: ({ productId }) => productId, maxLength: 5 },
);

test('stored codes are told apart', () => {
  for (const status of returnStatuses) expect(returnStatusOf(codeOfReturn(status))).toBe(status);
});

test('whatever is returned one after another, no more comes back than was bought', () => {
  fc.assert(
    fc.property(lines, fc.array(lines, { maxLength: 8 }), (bought, attempts) => {
      const claimed: typeof bought = [];
      for (const wanted of attempts) {
        if (overReturned(wanted, bought, claimed) === undefined) claimed.push(...wanted);
      }
      for (let id = 1; id <= 5; id += 1) {
        const total = (of: typeof bought) =>
          of.filter(({ productId }) => productId === id).reduce((sum, { quantity }) => sum + quantity, 0);
        expect(total(claimed)).toBeLessThanOrEqual(total(bought));
      }
    }),
  );
});

test('all that was bought may come back, and of what was not bought nothing', () => {
  const bought = [{ productId: 1, quantity: 2 }];
  expect(overReturned(bought, bought, [])).toBeUndefined();
  expect(overReturned([{ productId: 2, quantity: 1 }], bought, [])).toMatchObject({ productId: 2, left: 0 });
});

test('a return ends, and only one that gave nothing back lets its pieces go again', () => {
  for (const status of returnStatuses) {
    const next = returnStatuses.filter((to) => mayReturnMove(status, to));
    expect(next.length > 0).toBe(status === 'requested' || isUnsettled(status));
    if (!claims(status)) expect(next).toEqual([]);
    if (status === 'refunded') expect(next).toEqual(['completed']);
  }
});

test('the order of lines makes no difference', () => {
  fc.assert(fc.property(lines, (some) => sameReturn(some, [...some].reverse())));
  expect(sameReturn([{ productId: 1, quantity: 2 }], [{ productId: 1, quantity: 3 }])).toBe(false);
});
