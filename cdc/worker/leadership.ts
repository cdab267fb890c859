import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { Log } from '#kernel/log.ts';

const lockClass = 19_794;

/** The lead of one group, held for as long as its connection lives. */
export interface Lead {
  /** Aborted when the connection, and with it the lock, is lost. */
  lost: AbortSignal;
  release(): Promise<void>;
}

/**
 * Waits until this worker leads the group: a session advisory lock in the control database. Should two believe that they lead (a
 * connection died on one end only), the checkpoint's compare-and-set still lets only one apply.
 */
export async function takeLead(
  controlUrl: string,
  group: string,
  signal: AbortSignal,
  log: Log,
): Promise<Lead | undefined> {
  const key = createHash('sha256').update(group).digest().readInt32BE(0);
  for (let attempt = 0; !signal.aborted; attempt++) {
    const client = new pg.Client({
      connectionString: controlUrl,
      application_name: `matapalo cdc ${group}`,
      keepAlive: true,
      connectionTimeoutMillis: 5_000,
    });
    const lost = new AbortController();
    client.on('error', () => lost.abort());
    client.on('end', () => lost.abort());
    try {
      await client.connect();
      for (let turn = 0; !signal.aborted && !lost.signal.aborted; turn++) {
        const { rows } = await client.query<{ led: boolean }>('select pg_try_advisory_lock($1, $2) as led', [
          lockClass,
          key,
        ]);
        if (rows[0]?.led) return { lost: lost.signal, release: () => client.end() };
        if (turn === 0) log.info({ group }, 'another worker leads this group; standing by');
        await delay(500, undefined, { signal }).catch(() => undefined);
      }
      attempt = 0;
    } catch (error) {
      if (attempt === 0)
        log.warn({ err: error, group }, 'the control database cannot be reached; trying again');
      await delay(Math.min(2_000, 100 * 2 ** Math.min(attempt, 5)), undefined, { signal }).catch(
        () => undefined,
      );
    }
    await client.end().catch(() => undefined);
  }
  return undefined;
}
