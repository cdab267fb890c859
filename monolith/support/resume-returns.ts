import type { FastifyBaseLogger } from 'fastify';
import type { DataSource } from 'typeorm';
import { jobPassage } from '../http/passage.ts';
import { stalledReturns } from './returns.ts';
import type { SettleReturn } from './settle-return.ts';

const batch = 50;

export interface ResumeParts {
  db: DataSource;
  settleReturn: SettleReturn;
  log: FastifyBaseLogger;
  stalledSeconds: number;
}

/** Goes on with approved returns whose process died, or whose neighbours were away. */
export async function resumeReturns(
  { db, settleReturn, log, stalledSeconds }: ResumeParts,
  signal: AbortSignal,
): Promise<void> {
  for (const id of await stalledReturns(db.manager, stalledSeconds, batch)) {
    if (signal.aborted) return;
    try {
      const { status } = await settleReturn(jobPassage(`resume-return-${id}`), id);
      log.info({ return: id, status }, 'an unsettled return was taken to its end');
    } catch (error) {
      // One return that cannot go on now must not keep the others waiting.
      log.warn({ err: error, return: id }, 'the return cannot go on yet');
    }
  }
}
