import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as legacy from '../../../monolith/orders/order-rules.ts';
import {
  eventMoves,
  isUnfinished,
  mayMove,
  orderStates,
  orderStatuses,
  parcelEvents,
  paymentOf,
  statesOf,
  statusOf,
  type OrderState,
} from './order.ts';

const next = (from: OrderState) => orderStates.filter((to) => mayMove(from, to));

describe('the life of an order', () => {
  test('whichever way it goes, it comes to rest, and never back to where it was', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { minLength: 20, maxLength: 20 }), (choices) => {
        const way: OrderState[] = ['placed'];
        for (const choice of choices) {
          const possible = next(way.at(-1) ?? 'placed');
          const chosen = possible[choice % possible.length];
          if (chosen !== undefined) way.push(chosen);
        }
        expect(new Set(way).size).toBe(way.length);
        expect(isUnfinished(way.at(-1) ?? 'placed')).toBe(false);
      }),
    );
  });

  test('nothing is shipped that was not paid for, and nothing paid for that was not held', () => {
    for (const state of orderStates) {
      if (next(state).includes('shipped')) expect(state).toBe('confirmed');
      if (next(state).includes('confirmed')) expect(state).toBe('paid');
      if (next(state).includes('paid')) expect(state).toBe('reserved');
    }
    for (const event of parcelEvents) {
      const { from, to } = eventMoves[event];
      expect(from === to || mayMove(from, to)).toBe(true);
    }
  });

  test('each state is shown as one status, and each status is some state', () => {
    for (const status of orderStatuses)
      for (const state of statesOf(status)) expect(statusOf(state)).toBe(status);
    expect(orderStatuses.flatMap(statesOf).sort()).toEqual([...orderStates].sort());
  });

  test('money is told as it moved', () => {
    expect([paymentOf(null, null), paymentOf(500, null), paymentOf(500, 200), paymentOf(500, 500)]).toEqual([
      'none',
      'charged',
      'partly-refunded',
      'refunded',
    ]);
    // What cost nothing and was given back was given back.
    expect(paymentOf(0, 0)).toBe('refunded');
  });
});

test('the monolith’s states are the same, under other names: they move alike and are shown alike', () => {
  const codes: legacy.OrderCode[] = [
    ...(['N', 'V', 'R', 'P', 'C', 'S', 'D', 'Z', 'F', 'K', 'X', 'Q', 'B'] as const),
  ];
  expect(codes.map(legacy.stepOf)).toEqual([...orderStates]);
  for (const from of codes) {
    expect(legacy.statusOf(from)).toBe(statusOf(legacy.stepOf(from)));
    expect(legacy.isUnfinished(from)).toBe(isUnfinished(legacy.stepOf(from)));
    for (const to of codes)
      expect([from, to, legacy.mayMove(from, to)]).toEqual([
        from,
        to,
        mayMove(legacy.stepOf(from), legacy.stepOf(to)),
      ]);
  }
});
