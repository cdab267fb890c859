import { createHash } from 'node:crypto';
import { takeSessionLead, type SessionLead } from '#kernel/db/session-lead.ts';
import type { Log } from '#kernel/log.ts';

const lockClass = 19_794;
/** A stream that waits this long for its next leader is no more than late; shorter, and a busy machine would change leaders. */
const leaseMs = 5_000;

/**
 * Waits until this worker leads the group. Should two believe that they lead (one slept and has not noticed yet), the
 * checkpoint's compare-and-set still lets only one apply.
 */
export function takeLead(
  controlUrl: string,
  group: string,
  signal: AbortSignal,
  log: Log,
): Promise<SessionLead | undefined> {
  return takeSessionLead(
    {
      url: controlUrl,
      // Not the name of the group's pools: their sessions are ended at a takeover.
      name: `matapalo cdc lead ${group}`,
      subject: 'This worker',
      key: [lockClass, createHash('sha256').update(group).digest().readInt32BE(0)],
      leaseMs,
      log,
    },
    signal,
    () => log.info({ group }, 'another worker leads this group; standing by'),
  );
}
