import type { Queryable } from '#kernel/db/pool.ts';
import { channels } from '../names.ts';
import type { Phase } from '../phase.ts';

/** Where a group stands, as published to the proxies. */
export interface GroupState {
  name: string;
  phase: Phase;
  epoch: bigint;
  canaryPercent: number;
  /** Id of the transition that holds its writes. */
  holding: string | undefined;
  stopped: StopReason | undefined;
}

export interface StopReason {
  code: string;
  message: string;
  hint: string;
  at: string;
}

export interface RouteSnapshot {
  version: bigint;
  /** The monolith is turned off: nothing may be sent to it any more. Absent: it is not. */
  decommissioned?: boolean;
  groups: readonly GroupState[];
}

interface Row {
  name: string;
  phase: Phase;
  epoch: string;
  canary_percent: number;
  holding: string | null;
  stopped: StopReason | null;
}

/** Key of the setting that says that the monolith is turned off for good. */
export const decommissionedSetting = 'decommissioned';

/** Version and groups of one moment, in one statement. */
export async function readRoutes(db: Queryable): Promise<RouteSnapshot> {
  const { rows } = await db.query<{ version: string; decommissioned: boolean; groups: Row[] | null }>(
    `select version::text, exists (select from setting where key = '${decommissionedSetting}') as decommissioned,
            (select jsonb_agg(jsonb_build_object('name', name, 'phase', phase, 'epoch', epoch::text,
               'canary_percent', canary_percent, 'holding', holding, 'stopped', stopped) order by name)
               from route_group) as groups
       from route_version`,
  );
  const row = rows[0];
  return {
    version: BigInt(row?.version ?? 0),
    decommissioned: row?.decommissioned ?? false,
    groups: (row?.groups ?? []).map(stateOf),
  };
}

export async function readGroup(db: Queryable, name: string): Promise<GroupState | undefined> {
  const { rows } = await db.query<Row>(
    'select name, phase, epoch::text, canary_percent, holding, stopped from route_group where name = $1',
    [name],
  );
  return rows[0] ? stateOf(rows[0]) : undefined;
}

function stateOf(row: Row): GroupState {
  return {
    name: row.name,
    phase: row.phase,
    epoch: BigInt(row.epoch),
    canaryPercent: row.canary_percent,
    holding: row.holding ?? undefined,
    stopped: row.stopped ?? undefined,
  };
}

export type GroupChange = Partial<Pick<GroupState, 'phase' | 'epoch' | 'canaryPercent'>> & {
  holding?: string | null;
};

/** Changes a group and publishes a new route version; call inside a transaction. Returns the version. */
export async function publishGroup(db: Queryable, name: string, change: GroupChange): Promise<bigint> {
  // One round trip: requests may be held meanwhile.
  const { rows } = await db.query<{ version: string }>(
    `with changed as (
       update route_group
          set phase = coalesce($2, phase), epoch = coalesce($3::bigint, epoch),
              canary_percent = coalesce($4::int, canary_percent),
              holding = case when $5 then $6::uuid else holding end,
              changed_at = now()
        where name = $1 returning name
     ), next as (
       update route_version set version = version + 1 returning version
     )
     select version::text, pg_notify($7, version::text), (select count(*) from changed) from next`,
    [
      name,
      change.phase ?? null,
      change.epoch?.toString() ?? null,
      change.canaryPercent ?? null,
      change.holding !== undefined,
      change.holding ?? null,
      channels.routes,
    ],
  );
  const version = rows[0]?.version ?? '0';
  return BigInt(version);
}

/** Writes down, for good, that the monolith is turned off, and publishes it to the proxies in the same statement. */
export async function publishDecommissioned(db: Queryable, who: string): Promise<void> {
  await db.query(
    `with done as (
       insert into setting (key, value) values ($1, jsonb_build_object('at', now(), 'by', $2::text))
       on conflict do nothing returning key
     ), published as (
       update route_version set version = version + 1 where exists (select from done) returning version
     )
     select pg_notify($3, version::text) from published`,
    [decommissionedSetting, who, channels.routes],
  );
}

/** Stops a group loudly, or clears the stop with `undefined`. The first reason stays: it is nearest to the cause. */
export async function setStopped(
  db: Queryable,
  name: string,
  reason: Omit<StopReason, 'at'> | undefined,
): Promise<void> {
  if (reason === undefined) {
    await db.query('update route_group set stopped = null, changed_at = now() where name = $1', [name]);
  } else {
    await db.query(
      `update route_group set stopped = $2::jsonb || jsonb_build_object('at', now()), changed_at = now()
        where name = $1 and stopped is null`,
      [name, JSON.stringify(reason)],
    );
  }
  await db.query(`select pg_notify('${channels.progress}', $1)`, [name]);
}
