import type { Priority, TicketStatus } from './ticket.ts';

/** Until when a ticket must have its first answer and its solution. It stands while the customer is to act. */
export interface Clock {
  responseDueAt: Date;
  respondedAt: Date | null;
  resolutionDueAt: Date;
  resolvedAt: Date | null;
  /** Since when it stands; null while it runs. */
  pausedAt: Date | null;
}

export const breachKinds = ['response', 'resolution'] as const;
export type BreachKind = (typeof breachKinds)[number];

const hourMs = 3_600_000;
export const targetsMs: Record<Priority, Record<BreachKind, number>> = {
  low: { response: 24 * hourMs, resolution: 168 * hourMs },
  normal: { response: 8 * hourMs, resolution: 72 * hourMs },
  high: { response: 4 * hourMs, resolution: 24 * hourMs },
  urgent: { response: hourMs, resolution: 8 * hourMs },
};

const later = (at: Date, byMs: number) => new Date(at.getTime() + byMs);
const runsIn = (status: TicketStatus) => status === 'new' || status === 'open';

export const startClock = (priority: Priority, at: Date): Clock => ({
  responseDueAt: later(at, targetsMs[priority].response),
  respondedAt: null,
  resolutionDueAt: later(at, targetsMs[priority].resolution),
  resolvedAt: null,
  pausedAt: null,
});

/** Where the ticket now is `status`. What was not done yet is due later by as long as the clock stood. */
export function clockIn(clock: Clock, status: TicketStatus, at: Date): Clock {
  const resolvedAt = status === 'solved' || status === 'closed' ? (clock.resolvedAt ?? at) : null;
  if (!runsIn(status)) return { ...clock, resolvedAt, pausedAt: clock.pausedAt ?? at };
  if (clock.pausedAt === null) return { ...clock, resolvedAt };
  const stoodMs = Math.max(0, at.getTime() - clock.pausedAt.getTime());
  return {
    ...clock,
    responseDueAt: clock.respondedAt === null ? later(clock.responseDueAt, stoodMs) : clock.responseDueAt,
    resolutionDueAt: later(clock.resolutionDueAt, stoodMs),
    resolvedAt,
    pausedAt: null,
  };
}

/** A person of the shop has answered; the bot does not count. */
export const answered = (clock: Clock, at: Date): Clock => ({
  ...clock,
  respondedAt: clock.respondedAt ?? at,
});

/** Another priority counts from the beginning. What was done stays as late or early as it was. */
export function reprioritised(clock: Clock, from: Priority, to: Priority): Clock {
  const by = (kind: BreachKind) => targetsMs[to][kind] - targetsMs[from][kind];
  return {
    ...clock,
    responseDueAt:
      clock.respondedAt === null ? later(clock.responseDueAt, by('response')) : clock.responseDueAt,
    resolutionDueAt:
      clock.resolvedAt === null ? later(clock.resolutionDueAt, by('resolution')) : clock.resolutionDueAt,
  };
}

export function breachesOf(clock: Clock, now: Date): BreachKind[] {
  const until = clock.pausedAt ?? now;
  return breachKinds.filter((kind) =>
    kind === 'response'
      ? (clock.respondedAt ?? until) > clock.responseDueAt
      : (clock.resolvedAt ?? until) > clock.resolutionDueAt,
  );
}
