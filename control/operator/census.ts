import { lockKey } from '#guard/install.ts';
import { guardLockClass } from '#plan/names.ts';
import { isSynced, ownerIn } from '#plan/phase.ts';
import { readRoutes } from '#plan/store/groups.ts';
import type { Operator } from './operator.ts';

/**
 * Who writes? Every writer holds the guard's shared lock until its transaction ends; those seen holding it are written
 * down. Sampled, so a rare and short writer can be missed: the guard refuses it all the same.
 */
export async function sampleCensus(op: Operator): Promise<void> {
  try {
    const { groups } = await readRoutes(op.control);
    for (const state of groups) {
      const group = op.plan.groups.get(state.name);
      if (group === undefined || !isSynced(state.phase)) continue;
      await op.databases.of(group, ownerIn(state.phase)).query(
        `insert into matapalo.census (group_name, role, application_name, client_addr)
         select distinct $1::text, coalesce(a.usename::text, 'unknown'), coalesce(a.application_name, ''),
                coalesce(host(a.client_addr), 'local')
           from pg_locks l join pg_stat_activity a using (pid)
          where l.locktype = 'advisory' and l.granted and l.objsubid = 2 and l.classid = $2::int8::oid
            and l.objid = ($3::int8 & 4294967295)::oid and l.mode = 'ShareLock'
            and l.database = (select oid from pg_database where datname = current_database())
            and a.usename is distinct from current_user
         on conflict (group_name, role, application_name, client_addr) do update set last_seen = now()`,
        [group.name, guardLockClass, lockKey(group.name)],
      );
    }
  } catch (error) {
    op.log.debug({ err: error }, 'the census could not be sampled');
  }
}
