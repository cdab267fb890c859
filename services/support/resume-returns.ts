import type { DataSource } from 'typeorm';
import { ownerNow, type Ownership } from '#kernel/db/ownership.ts';
import { describeError } from '#kernel/errors.ts';
import { jobPassage } from '#kernel/http/passage.ts';
import type { Log } from '#kernel/log.ts';
import { refusedWith } from './rules/refusal.ts';
import type { SettleReturn } from './settle-return.ts';
import { stalledReturns } from './store/returns.ts';

const batch = 50;

export interface ResumeParts {
  source: DataSource;
  ownership: Ownership;
  settleReturn: SettleReturn;
  log: Log;
  /** Nobody has moved it for so long: whoever began is gone, or gave up. */
  stalledMs: number;
}

/** Goes on with approved returns whose process died, or whose neighbours were away. Idles while another side owns support. */
export async function resumeReturns(
  { source, ownership, settleReturn, log, stalledMs }: ResumeParts,
  signal: AbortSignal,
): Promise<void> {
  if ((await ownerNow(source.manager, ownership)) !== 'us') return;
  for (const id of await stalledReturns(source.manager, stalledMs, batch)) {
    if (signal.aborted) return;
    try {
      const { status } = await settleReturn(jobPassage(`resume-return-${id}`), id);
      log.info({ return: id, status }, 'an unsettled return was taken to its end');
    } catch (error) {
      if (refusedWith(error, 'not-owner')) throw error;
      // One return that cannot go on now must not keep the others waiting.
      log.warn({ err: error, return: id }, `the return cannot go on yet: ${describeError(error)}`);
    }
  }
}
