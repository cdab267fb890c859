import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decideMove,
  normaliseLines,
  sameLines,
  type ReservationMove,
  type ReservationStatus,
} from './reservation.ts';

const line = fc.record({
  productId: fc.integer({ min: 1, max: 20 }),
  quantity: fc.integer({ min: 1, max: 100 }),
});
const moves = fc.array(
  fc.record({ move: fc.constantFrom<ReservationMove>('commit', 'release', 'expire'), due: fc.boolean() }),
  { maxLength: 12 },
);

describe('a reservation', () => {
  test('moves at most once, whatever is asked in whatever order', () => {
    fc.assert(
      fc.property(moves, (asked) => {
        let status: ReservationStatus = 'held';
        let onHand = 10;
        let reserved = 4;
        for (const { move, due } of asked) {
          const decision = decideMove(status, move, { due });
          if (decision.kind !== 'apply') continue;
          status = decision.status;
          onHand += decision.effect.onHand * 4;
          reserved += decision.effect.reserved * 4;
        }
        expect(reserved).toBe(status === 'held' ? 4 : 0);
        expect(onHand).toBe(status === 'committed' ? 6 : 10);
      }),
    );
  });

  test('answers the same move again, and refuses the others', () => {
    expect(decideMove('committed', 'commit', { due: true })).toEqual({ kind: 'already' });
    expect(decideMove('released', 'release', { due: false })).toEqual({ kind: 'already' });
    expect(decideMove('expired', 'release', { due: true })).toEqual({ kind: 'illegal' });
    expect(decideMove('committed', 'release', { due: false })).toEqual({ kind: 'illegal' });
  });

  test('is not committed past its time', () => {
    expect(decideMove('held', 'commit', { due: true })).toEqual({ kind: 'illegal' });
    expect(decideMove('held', 'release', { due: true }).kind).toBe('apply');
  });
});

describe('lines', () => {
  test('in another order are the same lines', () => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 10 }), fc.nat(), (lines, seed) => {
        const turned = [
          ...lines.slice(seed % (lines.length + 1)),
          ...lines.slice(0, seed % (lines.length + 1)),
        ];
        expect(sameLines(normaliseLines(lines), normaliseLines(turned))).toBe(true);
      }),
    );
  });

  test('are in product order, each product once, with all pieces', () => {
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        const normal = normaliseLines(lines);
        const ids = normal.map(({ productId }) => productId);
        expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b));
        const total = (of: typeof lines) => of.reduce((sum, { quantity }) => sum + quantity, 0);
        expect(total(normal)).toBe(total(lines));
      }),
    );
  });
});
