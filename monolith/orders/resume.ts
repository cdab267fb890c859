import type { FastifyBaseLogger } from 'fastify';
import type { DataSource } from 'typeorm';
import type { Tokens } from '../auth/tokens.ts';
import { jobPassage, type Passage } from '../http/passage.ts';
import { isRefusal } from '../ownership/refusal.ts';
import type { AdvanceRefund } from './advance-refund.ts';
import type { Advance } from './advance.ts';
import { stalledOrders } from './order-store.ts';
import { stalledRefunds } from './refunds.ts';

const batch = 50;

export interface ResumeParts {
  db: DataSource;
  advance: Advance;
  advanceRefund: AdvanceRefund;
  tokens: Tokens;
  log: FastifyBaseLogger;
  /** Nobody has moved it for so long: whoever began is gone, or gave up. */
  stalledMs: number;
}

/** The shop acts for a customer who is not there, with a token that lives for a minute. */
export async function actFor(
  tokens: Tokens,
  userId: number,
  { requestId, headers }: Passage,
): Promise<Passage> {
  const token = await tokens.issue(
    { subject: String(userId), roles: ['customer'], scope: 'reservations:write' },
    60,
  );
  return { requestId, headers: { ...headers, authorization: `Bearer ${token}` } };
}

/** Goes on with orders and refunds whose process died or gave up. */
export async function resumeOrders(
  { db, advance, advanceRefund, tokens, log, stalledMs }: ResumeParts,
  signal: AbortSignal,
): Promise<void> {
  const each = async (
    what: string,
    id: number,
    userId: number,
    work: (passage: Passage) => Promise<unknown>,
  ) => {
    try {
      await work(await actFor(tokens, userId, jobPassage(`resume-${what}-${id}`)));
      log.info({ [what]: id }, `an unfinished ${what} was taken on`);
    } catch (error) {
      if (isRefusal(error)) throw error;
      // One that cannot go on now must not keep the others waiting.
      log.warn({ err: error, [what]: id }, `the ${what} cannot go on yet`);
    }
  };

  for (let after = 0; !signal.aborted;) {
    const stalled = await stalledOrders(db.manager, stalledMs / 1000, after, batch);
    for (const { ord_id: id, usr_id: userId } of stalled) {
      if (signal.aborted) return;
      await each('order', id, userId, (passage) => advance(passage, id));
    }
    after = stalled.at(-1)?.ord_id ?? after;
    if (stalled.length < batch) break;
  }
  for (let after = 0; !signal.aborted;) {
    const stalled = await stalledRefunds(db.manager, stalledMs / 1000, after, batch);
    for (const { id, userId } of stalled) {
      if (signal.aborted) return;
      await each('refund', id, userId, (passage) => advanceRefund(passage, id));
    }
    after = stalled.at(-1)?.id ?? after;
    if (stalled.length < batch) break;
  }
}
