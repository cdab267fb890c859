import fc from 'fast-check';
import { expect, test } from 'vitest';
import { keptCents, Ledger } from './ledger.ts';

type Step =
  | { kind: 'charge' }
  | { kind: 'cancel' }
  | { kind: 'decide' }
  | { kind: 'refund'; refundKey: string; amountCents: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.constantFrom<Step>({ kind: 'charge' }, { kind: 'cancel' }, { kind: 'decide' }),
  fc.record({
    kind: fc.constant('refund' as const),
    refundKey: fc.constantFrom('a', 'b', 'c'),
    amountCents: fc.nat(700),
  }),
);

test('whatever is asked, in any order and however often: one charge, and never more back than was taken', () => {
  fc.assert(
    fc.property(fc.boolean(), fc.array(step, { maxLength: 30 }), (pending, steps) => {
      const ledger = new Ledger();
      let cancelled = false;
      for (const each of steps) {
        if (each.kind === 'charge') {
          ledger.charge({
            key: 'k',
            amountCents: 1000,
            currency: 'EUR',
            state: pending ? 'pending' : 'approved',
            ...(pending ? { later: { state: 'approved' as const, atMs: 0 } } : {}),
          });
        } else if (each.kind === 'cancel') {
          cancelled = true;
          ledger.cancel('k');
        } else if (each.kind === 'decide') ledger.decide('k');
        else ledger.refund('k', each.refundKey, each.amountCents);
        const charges = ledger.all();
        expect(charges.length).toBeLessThanOrEqual(1);
        for (const charge of charges) {
          expect(keptCents(charge)).toBeGreaterThanOrEqual(0);
          if (cancelled) expect(keptCents(charge)).toBe(0);
        }
      }
    }),
  );
});
