import fc from 'fast-check';
import { expect, test } from 'vitest';
import { answered, breachesOf, clockIn, reprioritised, startClock, targetsMs } from './sla.ts';
import { priorities, ticketStatuses } from './ticket-rules.ts';

const start = new Date(Date.UTC(2026, 0, 1));
const after = (minutes: number) => new Date(start.getTime() + minutes * 60_000);
const priority = fc.constantFrom(...priorities);
const status = fc.constantFrom(...ticketStatuses);

test('a ticket is late once its time is over, and not before', () => {
  const clock = startClock('high', start);
  expect(breachesOf(clock, after(4 * 60))).toEqual([]);
  expect(breachesOf(clock, after(4 * 60 + 1))).toEqual(['response']);
  expect(breachesOf(clock, after(25 * 60))).toEqual(['response', 'resolution']);
  expect(breachesOf(answered(clock, after(10)), after(25 * 60))).toEqual(['resolution']);
});

test('what was late stays late, whatever is done afterwards', () => {
  const late = answered(startClock('urgent', start), after(90));
  expect(breachesOf(clockIn(late, 'waiting', after(90)), after(91))).toEqual(['response']);
  expect(breachesOf(clockIn(late, 'solved', after(91)), after(9_999))).toEqual(['response']);
});

test('only the time that the clock ran counts, however often it stood', () => {
  fc.assert(
    fc.property(
      priority,
      fc.array(fc.tuple(status, fc.integer({ min: 0, max: 5_000 })), { maxLength: 20 }),
      (level, moves) => {
        let clock = startClock(level, start);
        let at = 0;
        let ranMs = 0;
        let runs = true;
        for (const [next, minutes] of moves) {
          if (runs) ranMs += minutes * 60_000;
          at += minutes;
          clock = clockIn(clock, next, after(at));
          runs = next === 'new' || next === 'open';
        }
        const leftMs = clock.resolutionDueAt.getTime() - (clock.pausedAt ?? after(at)).getTime();
        expect(leftMs).toBe(targetsMs[level].resolution - ranMs);
        expect(clock.pausedAt === null).toBe(runs);
      },
    ),
  );
});

test('a priority there and back leaves the clock as it was; the same state again changes nothing', () => {
  fc.assert(
    fc.property(priority, priority, status, (from, to, next) => {
      const clock = clockIn(startClock(from, start), next, after(30));
      expect(reprioritised(reprioritised(clock, from, to), to, from)).toEqual(clock);
      expect(clockIn(clock, next, after(60))).toEqual(clock);
    }),
  );
});
