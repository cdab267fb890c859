import type { DataSource } from 'typeorm';
import { ownerNow, type Ownership } from '#kernel/db/ownership.ts';
import { rows } from '#kernel/db/statements.ts';
import type { Write } from '#kernel/db/unit-of-work.ts';
import { jobPassage, type Passage } from '#kernel/http/passage.ts';
import type { Log } from '#kernel/log.ts';
import type { AdvanceRefund } from './advance-refund.ts';
import type { Advance } from './advance.ts';
import { refusedWith } from './rules/refusal.ts';
import { stalledOrders } from './store/order-work.ts';
import { stalledRefunds } from './store/refunds.ts';

const batch = 50;

export interface ResumeParts {
  source: DataSource;
  ownership: Ownership;
  advance: Advance;
  advanceRefund: AdvanceRefund;
  log: Log;
  /** Nobody has moved it for so long: whoever began is gone, or gave up. */
  stalledMs: number;
}

/**
 * Goes on with orders and refunds whose process died or gave up, whichever side's it was. Idles while another side owns the
 * orders. Ends early when `signal` says so.
 */
export async function resumeOrders(parts: ResumeParts, signal: AbortSignal): Promise<void> {
  const { source, ownership, advance, advanceRefund, log, stalledMs } = parts;
  if ((await ownerNow(source.manager, ownership)) !== 'us') return;
  const kinds = [
    { what: 'order', stalled: stalledOrders, goOn: advance },
    { what: 'refund', stalled: stalledRefunds, goOn: advanceRefund },
  ];
  for (const { what, stalled, goOn } of kinds) {
    for (let after = 0; !signal.aborted;) {
      const found = await stalled(source.manager, stalledMs, after, batch);
      for (const { id } of found) {
        if (signal.aborted) return;
        await takeOn(what, id, goOn, log);
      }
      after = found.at(-1)?.id ?? after;
      if (found.length < batch) break;
    }
  }
}

async function takeOn(
  what: string,
  id: number,
  goOn: (passage: Passage, id: number) => Promise<unknown>,
  log: Log,
): Promise<void> {
  try {
    await goOn(jobPassage(`resume-${what}-${id}`), id);
    log.info({ [what]: id }, `an unfinished ${what} was taken on`);
  } catch (error) {
    if (refusedWith(error, 'not-owner')) throw error;
    // One that cannot go on now must not keep the others waiting.
    log.warn({ err: error, [what]: id }, `the ${what} cannot go on yet`);
  }
}

/** Notices that nobody could send again, and carts of guests who have not come back. */
export async function dropOld(
  source: DataSource,
  ownership: Ownership,
  write: Write,
  guestCartDays: number,
): Promise<void> {
  if ((await ownerNow(source.manager, ownership)) !== 'us') return;
  await write(async (sql) => {
    await rows(sql, `delete from provider_notices where received_at < now() - interval '7 days'`);
    await rows(sql, 'delete from guest_cart_items where updated_at < now() - make_interval(days => $1)', [
      guestCartDays,
    ]);
  });
}
