import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { MatapaloError } from '#kernel/errors.ts';
import { isApplied, type Beat } from '#guard/ownership.ts';
import type { Direction } from '#plan/phase.ts';
import type { Run } from './run.ts';

/** Waits until the target's applier has committed the closing beat: all that the source ever wrote is there then. */
export async function waitApplied(
  run: Run,
  target: pg.Pool,
  direction: Direction,
  beat: Beat,
): Promise<void> {
  const { limits, name } = run.group;
  const deadline = performance.now() + limits.catchUpTimeoutMs;
  while (!(await isApplied(target, name, direction, beat))) {
    if (performance.now() > deadline) {
      throw new MatapaloError(
        'undone',
        `The last writes of group ${name} were not applied within ${limits.catchUpTimeoutMs} ms.`,
        { hint: `See \`matapalo lag ${name}\`; limits.catchUpTimeoutMs is the time allowed.` },
      );
    }
    await delay(2, undefined, { signal: run.term.signal });
  }
}

/**
 * Waits until every standby that streams physically has flushed the close: one that is promoted later must not have
 * forgotten it. Logical walsenders do not count. Nothing to wait for where there is none.
 */
export async function waitStandbys(run: Run, source: pg.Pool): Promise<void> {
  const deadline = performance.now() + run.group.limits.catchUpTimeoutMs;
  let position: string | undefined;
  for (;;) {
    const { rows } = await source.query<{ position: string; behind: number }>(
      `select coalesce($1::pg_lsn, pg_current_wal_insert_lsn())::text as position,
              (select count(*)::int from pg_stat_replication r
                where coalesce(r.state, 'streaming') in ('streaming', 'catchup')
                  and not exists (select from pg_replication_slots s
                                   where s.active_pid = r.pid and s.slot_type = 'logical')
                  and (r.flush_lsn is null or r.flush_lsn < coalesce($1::pg_lsn, pg_current_wal_insert_lsn()))) as behind`,
      [position ?? null],
    );
    position = rows[0]?.position;
    if ((rows[0]?.behind ?? 0) === 0) return;
    if (performance.now() > deadline) {
      throw new MatapaloError(
        'undone',
        'A standby of the source did not confirm the close in time; after a failover the close would be forgotten.',
        { hint: 'Look at pg_stat_replication, or detach the standby.' },
      );
    }
    await delay(2, undefined, { signal: run.term.signal });
  }
}
