import type pg from 'pg';
import type { Log } from '#kernel/log.ts';
import { applySessionName, syncName } from '#plan/names.ts';
import { directions } from '#plan/phase.ts';

/** application_name of a group's ordinary sessions in the captured databases. */
export function workerSessionName(group: string): string {
  return `matapalo cdc ${group}`;
}

/**
 * Ends what a former leader of the group still has open in the captured databases. One that is stopped, or whose host is gone,
 * never closes it: its streams keep the slots, its appliers the origins and row locks, an open transaction whatever it locked.
 * Only whoever has just taken the lead may do this, before it opens sessions of its own.
 */
export async function endPredecessor(group: string, pools: readonly pg.Pool[], log: Log): Promise<void> {
  const names = [
    workerSessionName(group),
    ...directions.flatMap((direction) => [
      applySessionName(group, direction),
      `${syncName(group, direction)} capture`,
    ]),
    // The server keeps no more of an application_name.
  ].map((name) => name.slice(0, 63));
  for (const pool of pools) {
    try {
      const { rows } = await pool.query<{ ended: boolean }>(
        `select pg_terminate_backend(pid, 2000) as ended from pg_stat_activity
          where application_name = any($1) and datname = current_database() and usename = current_user
            and pid <> pg_backend_pid()`,
        [names],
      );
      if (rows.length > 0) log.info({ group, sessions: rows.length }, 'sessions of the former leader ended');
    } catch (error) {
      // An unreachable database is met again, and reported, by the run that begins now; each of its steps is fenced.
      log.warn({ err: error, group }, 'sessions of the former leader could not be ended');
    }
  }
}
