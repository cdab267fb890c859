import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  isUnfinished,
  mayMove,
  namedUuid,
  seesAllOrders,
  totalCents,
  type OrderCode,
} from './order-rules.ts';

const codes: OrderCode[] = ['N', 'R', 'P', 'C', 'S', 'D', 'Z', 'F', 'K', 'X', 'Q', 'B'];
const next = (code: OrderCode) => codes.filter((to) => mayMove(code, to));

test('every unfinished state leads on, so that no order is stuck for good', () => {
  for (const code of codes.filter(isUnfinished)) expect(next(code)).not.toEqual([]);
});

test('no order comes back to a state that it has left', () => {
  const walk = (code: OrderCode, seen: OrderCode[]): void => {
    expect(seen).not.toContain(code);
    for (const to of next(code)) walk(to, [...seen, code]);
  };
  walk('N', []);
});

test('a paid order is not forgotten: it is confirmed, or its failure gives the money back first', () => {
  expect(next('P')).toEqual(['C', 'Z']);
  expect(next('Z')).toEqual(['F']);
});

test('named ids are UUIDs that depend on the name alone', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (a, b) => {
      expect(namedUuid(a)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(namedUuid(a) === namedUuid(b)).toBe(a === b);
    }),
  );
});

test('a total is the sum of its lines', () => {
  const line = fc.record({
    quantity: fc.integer({ min: 1, max: 1000 }),
    priceCents: fc.integer({ min: 0, max: 999_999_999 }),
  });
  fc.assert(
    fc.property(fc.array(line, { maxLength: 25 }), fc.array(line, { maxLength: 25 }), (some, more) => {
      expect(totalCents([...some, ...more])).toBe(totalCents(some) + totalCents(more));
      expect(Number.isSafeInteger(totalCents(some))).toBe(true);
    }),
  );
});

test('a customer sees the own orders only, whatever scope the token claims', () => {
  expect(seesAllOrders({ userId: 7, roles: ['customer'], scopes: ['orders:read'] })).toBe(false);
  expect(seesAllOrders({ userId: 8, roles: ['agent'], scopes: [] })).toBe(true);
  expect(seesAllOrders({ userId: undefined, roles: [], scopes: ['orders:read'] })).toBe(true);
});
