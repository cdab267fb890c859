import { lockKey } from '#guard/install.ts';
import { applySessionName, guardLockClass } from '#plan/names.ts';
import { directions } from '#plan/phase.ts';
import { met, unmet, type Gate } from './gate.ts';

export interface BlockerEvidence {
  where: string;
  /** Null for a prepared transaction. */
  pid: number | null;
  ageMs: number;
  state: string;
  what: string;
}

/** A fence waits for these, and clients wait for the fence. Pure. */
export function judgeTransactions(blockers: readonly BlockerEvidence[]) {
  if (blockers.length === 0) return met('no long, idle or prepared transaction holds the group');
  const list = blockers.map((b) =>
    b.pid === null
      ? `prepared transaction ${b.what} in ${b.where}`
      : `pid ${b.pid} (${b.what}, ${b.state}) in ${b.where} since ${Math.round(b.ageMs)} ms`,
  );
  const first = blockers[0];
  return unmet(
    list.join('; '),
    first?.pid == null
      ? `ROLLBACK PREPARED '${first?.what ?? ''}'`
      : `SELECT pg_terminate_backend(${first.pid})`,
  );
}

export const transactionsGate: Gate = {
  name: 'transactions',
  kinds: ['switch', 'rollback'],
  check: async ({ op, group }) => {
    const blockers: BlockerEvidence[] = [];
    for (const side of ['legacy', 'service'] as const) {
      const db = op.databases.of(group, side);
      const holders = await db.query<{ pid: number; age: number | null; state: string | null; app: string }>(
        `select a.pid, extract(epoch from clock_timestamp() - a.xact_start)::float8 * 1000 as age, a.state,
                coalesce(nullif(a.application_name, ''), a.usename, 'unnamed') as app
           from pg_locks l join pg_stat_activity a using (pid)
          where l.locktype = 'advisory' and l.granted and l.classid = $1::int8::oid and l.objsubid = 2
            and l.objid = ($2::int8 & 4294967295)::oid
            and l.database = (select oid from pg_database where datname = current_database())
            and a.xact_start < clock_timestamp() - interval '1 second'
            -- Our appliers: a switch waits for what they apply anyway, and the lag gate sees one that does not come forward.
            and not (a.application_name = any($3) and a.usename = current_user)`,
        [
          guardLockClass,
          lockKey(group.name),
          directions.map((direction) => applySessionName(group.name, direction)),
        ],
      );
      for (const row of holders.rows)
        blockers.push({
          where: side,
          pid: row.pid,
          ageMs: row.age ?? 0,
          state: row.state ?? 'unknown',
          what: row.app,
        });
      const prepared = await db.query<{ gid: string; age: number }>(
        `select gid, extract(epoch from clock_timestamp() - prepared)::float8 * 1000 as age
           from pg_prepared_xacts where database = current_database()`,
      );
      for (const row of prepared.rows)
        blockers.push({ where: side, pid: null, ageMs: row.age, state: 'prepared', what: row.gid });
    }
    return judgeTransactions(blockers);
  },
};
