import { groupOf } from '#plan/compile.ts';
import { ownerIn, transitionsFrom, type Phase } from '#plan/phase.ts';
import { readRoutes, type GroupState } from '#plan/store/groups.ts';
import { readProgress, type Progress } from '#plan/store/progress.ts';
import { readRunning } from '../journal/transitions.ts';
import { readLeader } from '../lead/lead.ts';
import type { Operator } from '../operator.ts';

/** Everything that a person wants to see first, of all groups or of one. */
export async function status(op: Operator, only?: string) {
  if (only !== undefined) groupOf(op.plan, only);
  const [routes, progress, running, leader, proxies, verifications, comparisons] = await Promise.all([
    readRoutes(op.control),
    readProgress(op.control),
    readRunning(op.control),
    readLeader(op.control),
    op.control.query(
      `select id, url, version::text, held, config_hash = $1 as "sameConfig", lease_until > now() as live, started_at as "startedAt"
         from proxy order by id`,
      [op.plan.hash],
    ),
    op.control.query<{ group_name: string; direction: string }>(
      `select distinct on (group_name, direction) group_name, direction, state, rows, missing, extra, different,
              started_at as "startedAt", ended_at as "endedAt", expires_at as "expiresAt"
         from verification order by group_name, direction, started_at desc`,
    ),
    op.control.query<{ group_name: string; class: string; count: string }>(
      `select group_name, class, sum(count)::text as count from comparison group by group_name, class`,
    ),
  ]);
  const groups = routes.groups
    .filter((group) => op.plan.groups.has(group.name) && (only === undefined || group.name === only))
    .map((group) => ({
      ...group,
      owner: ownerIn(group.phase),
      service: groupOf(op.plan, group.name).service.name,
      sync: progress.filter((row) => row.group === group.name).map(syncView),
      verification: verifications.rows
        .filter((row) => row.group_name === group.name)
        .map(({ group_name: _group, ...rest }) => rest),
      comparisons: Object.fromEntries(
        comparisons.rows
          .filter((row) => row.group_name === group.name)
          .map((row) => [row.class, Number(row.count)]),
      ),
      running: running.find((transition) => transition.group === group.name),
      next: nextCommands(group, progress),
      transitions: transitionsFrom(group.phase),
    }));
  return {
    version: routes.version,
    configHash: op.plan.hash,
    leader: leader && { ...leader, self: op.lead.current?.term === leader.term },
    proxies: proxies.rows,
    groups,
  };
}

function syncView(row: Progress) {
  const { group: _group, covered: _covered, ...rest } = row;
  return rest;
}

/** The commands that lead on from here, the usual one first. Pure. */
export function nextCommands(
  group: Pick<GroupState, 'name' | 'phase' | 'stopped'>,
  progress: readonly Progress[],
): string[] {
  if (group.stopped !== undefined) return [`matapalo doctor ${group.name}`];
  const usual: Partial<Record<Phase, string>> = {
    legacy: `matapalo sync ${group.name}`,
    syncing: `matapalo shadow ${group.name}`,
    shadow: `matapalo canary ${group.name} 10`,
    canary: `matapalo switch ${group.name}`,
    migrated: `matapalo retire ${group.name}`,
  };
  const first = usual[group.phase];
  const streaming = progress.some(
    (row) => row.group === group.name && row.direction === 'forward' && row.state === 'streaming',
  );
  if (group.phase === 'syncing' && !streaming)
    return [`matapalo lag ${group.name}`, `matapalo abort ${group.name}`];
  const others = transitionsFrom(group.phase).map((kind) =>
    kind === 'canary' ? `matapalo canary ${group.name} 10` : `matapalo ${kind} ${group.name}`,
  );
  return [...new Set([...(first === undefined ? [] : [first]), ...others])];
}
