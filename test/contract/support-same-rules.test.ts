import fc from 'fast-check';
import { expect, test } from 'vitest';
import * as legacyReturns from '../../monolith/support/return-rules.ts';
import * as legacyClock from '../../monolith/support/sla.ts';
import * as legacyTickets from '../../monolith/support/ticket-rules.ts';
import * as serviceReturns from '../../services/support/rules/return.ts';
import * as serviceClock from '../../services/support/rules/sla.ts';
import * as serviceTickets from '../../services/support/rules/ticket.ts';

/** A ticket or a return may change sides at any moment: what is decided of it must not. */
const at = fc
  .integer({ min: 0, max: 1_000_000 })
  .map((seconds) => new Date(1_780_000_000_000 + seconds * 1000));
const maybe = fc.option(at);
const clock: fc.Arbitrary<legacyClock.Clock> = fc.record({
  responseDueAt: at,
  respondedAt: maybe,
  resolutionDueAt: at,
  resolvedAt: maybe,
  pausedAt: maybe,
});
const status = fc.constantFrom(...legacyTickets.ticketStatuses);
const priority = fc.constantFrom(...legacyTickets.priorities);
const author = fc.constantFrom('customer' as const, 'agent' as const, 'bot' as const);
const lines = fc.array(
  fc.record({ productId: fc.integer({ min: 1, max: 4 }), quantity: fc.integer({ min: 1, max: 5 }) }),
  { maxLength: 5 },
);

test('the clock of a ticket goes alike on both sides', () => {
  expect(serviceClock.targetsMs).toEqual(legacyClock.targetsMs);
  fc.assert(
    fc.property(clock, status, priority, priority, at, (one, next, from, to, now) => {
      expect(serviceClock.clockIn(one, next, now)).toEqual(legacyClock.clockIn(one, next, now));
      expect(serviceClock.reprioritised(one, from, to)).toEqual(legacyClock.reprioritised(one, from, to));
      expect(serviceClock.answered(one, now)).toEqual(legacyClock.answered(one, now));
      expect(serviceClock.breachesOf(one, now)).toEqual(legacyClock.breachesOf(one, now));
      expect(serviceClock.startClock(from, now)).toEqual(legacyClock.startClock(from, now));
    }),
  );
});

test('the same moves are allowed on both sides, and messages lead to the same state', () => {
  fc.assert(
    fc.property(status, status, author, (from, to, who) => {
      expect(serviceTickets.mayMove(from, to)).toBe(legacyTickets.mayMove(from, to));
      expect(serviceTickets.afterMessage(from, who)).toBe(legacyTickets.afterMessage(from, who));
    }),
  );
  for (const kind of legacyTickets.ticketKinds)
    expect(serviceTickets.firstPriority(kind)).toBe(legacyTickets.firstPriority(kind));
});

test('the same may be returned on both sides, and goes through the same states', () => {
  fc.assert(
    fc.property(lines, lines, lines, (wanted, bought, claimed) => {
      expect(serviceReturns.overReturned(wanted, bought, claimed)).toEqual(
        legacyReturns.overReturned(wanted, bought, claimed),
      );
      expect(serviceReturns.sameReturn(wanted, bought)).toBe(legacyReturns.sameReturn(wanted, bought));
    }),
  );
  expect(serviceReturns.returnStatuses).toEqual(legacyReturns.returnStatuses);
  for (const from of legacyReturns.returnStatuses) {
    expect(serviceReturns.isUnsettled(from)).toBe(legacyReturns.isUnsettled(from));
    for (const to of legacyReturns.returnStatuses)
      expect(serviceReturns.mayReturnMove(from, to)).toBe(legacyReturns.mayReturnMove(from, to));
  }
});
