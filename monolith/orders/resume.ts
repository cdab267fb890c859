import type { FastifyBaseLogger } from 'fastify';
import type { DataSource } from 'typeorm';
import type { Tokens } from '../auth/tokens.ts';
import { jobPassage } from '../http/passage.ts';
import type { Advance } from './advance.ts';
import { stalledOrders } from './order-store.ts';

const stalledAfterSeconds = 10;
const batch = 50;

/** Goes on with orders whose process died or gave up. It acts for the customer, with a token that lives for a minute. */
export async function resumeOrders(
  db: DataSource,
  advance: Advance,
  tokens: Tokens,
  log: FastifyBaseLogger,
  signal: AbortSignal,
): Promise<void> {
  for (const { ord_id: id, usr_id: userId } of await stalledOrders(db.manager, stalledAfterSeconds, batch)) {
    if (signal.aborted) return;
    const token = await tokens.issue(
      { subject: String(userId), roles: ['customer'], scope: 'reservations:write' },
      60,
    );
    const passage = jobPassage(`resume-order-${id}`);
    passage.headers['authorization'] = `Bearer ${token}`;
    try {
      const { code } = await advance(passage, id);
      log.info({ order: id, state: code }, 'an unfinished order was taken to its end');
    } catch (error) {
      // One order that cannot go on now must not keep the others waiting.
      log.warn({ err: error, order: id }, 'the order cannot go on yet');
    }
  }
}
