import { MatapaloError } from '#kernel/errors.ts';
import type { Queryable } from '#kernel/db/pool.ts';
import { decommissionedSetting, publishDecommissioned, readRoutes } from '#plan/store/groups.ts';
import type { Operator } from '../operator.ts';
import { remainsOfSync } from '../transitions/teardown.ts';

export interface Proof {
  name: string;
  ok: boolean;
  evidence: string;
}

export async function isDecommissioned(control: Queryable): Promise<boolean> {
  const { rowCount } = await control.query('select from setting where key = $1', [decommissionedSetting]);
  return rowCount !== 0;
}

/**
 * Proves that no route, slot, connection or recent write of the monolith is left, then writes it down for good: from then on the
 * proxies send nothing to it. Turning the
 * process off stays with whoever runs it.
 */
export async function decommission(
  op: Operator,
  dryRun: boolean,
  who: string,
): Promise<{ dryRun: boolean; proofs: Proof[]; next: string[] }> {
  const proofs = await prove(op);
  const failed = proofs.filter((proof) => !proof.ok);
  if (failed.length > 0 && !dryRun) {
    throw new MatapaloError(
      'gate-failed',
      `The monolith is still needed: ${failed.map((proof) => proof.evidence).join('; ')}.`,
      { hint: 'matapalo decommission --dry-run shows all proofs.', extra: { proofs } },
    );
  }
  if (!dryRun) {
    await publishDecommissioned(op.control, who);
  }
  return {
    dryRun,
    proofs,
    next: [
      'Stop the monolith.',
      'matapalo uninstall',
      "Keep a backup of the monolith's database, then drop it.",
    ],
  };
}

async function prove(op: Operator): Promise<Proof[]> {
  const { groups } = await readRoutes(op.control);
  const mine = groups.filter((group) => op.plan.groups.has(group.name));
  const staying = mine.filter((group) => group.phase !== 'retired');
  const remains: string[] = [];
  const connections = new Map<string, string[]>();
  const writes: string[] = [];
  for (const group of op.plan.groups.values()) {
    remains.push(...(await remainsOfSync({ op, group })));
    const legacy = op.databases.of(group, 'legacy');
    if (!connections.has(group.monolith.database)) {
      const { rows } = await legacy.query<{ who: string }>(
        `select coalesce(nullif(application_name, ''), usename::text, 'unnamed') || ' (pid ' || pid || ')' as who
           from pg_stat_activity where datname = current_database() and backend_type = 'client backend'
            and usename is distinct from current_user`,
      );
      connections.set(
        group.monolith.database,
        rows.map((row) => row.who),
      );
    }
    const recent = await legacy.query<{ who: string }>(
      `select application_name || ' as ' || role as who from matapalo.census
        where group_name = $1 and last_seen > now() - interval '10 minutes'`,
      [group.name],
    );
    writes.push(...recent.rows.map((row) => row.who));
  }
  const open = [...connections.values()].flat();
  return [
    {
      name: 'routes',
      ok: staying.length === 0,
      evidence:
        staying.length === 0
          ? `all ${mine.length} groups are retired`
          : staying.map((group) => `${group.name} is ${group.phase}`).join(', '),
    },
    {
      name: 'slots',
      ok: remains.length === 0,
      evidence: remains.length === 0 ? 'no slot, publication or worker is left' : remains.join(', '),
    },
    {
      name: 'connections',
      ok: open.length === 0,
      evidence:
        open.length === 0
          ? "nobody is connected to the monolith's database"
          : `connected: ${open.join(', ')}`,
    },
    {
      name: 'writes',
      ok: writes.length === 0,
      evidence: writes.length === 0 ? 'no writer was seen for 10 minutes' : `writers: ${writes.join(', ')}`,
    },
  ];
}
