import type { Queryable } from '#kernel/db/pool.ts';
import type { Direction, TransitionKind } from '#plan/phase.ts';

/** The newest verification of one direction. */
export interface NewestVerification {
  group: string;
  direction: Direction;
  compared: number;
  missing: number;
  extra: number;
  different: number;
  endedAt: Date | undefined;
  /** Undefined where it proves nothing about now. */
  validUntil: Date | undefined;
}

export interface TransitionCount {
  group: string;
  kind: TransitionKind;
  state: string;
  count: number;
}

/** Pauses of the newest switch or rollback of a group that was carried to its end. */
export interface Handovers {
  group: string;
  kind: TransitionKind;
  predictedMs: number | undefined;
  measuredMs: number | undefined;
}

export async function readVerifications(db: Queryable): Promise<NewestVerification[]> {
  const { rows } = await db.query<{
    group: string;
    direction: Direction;
    compared: string;
    missing: string;
    extra: string;
    different: string;
    ended_at: Date | null;
    valid_until: Date | null;
  }>(
    `select distinct on (v.group_name, v.direction) v.group_name as "group", v.direction, v.rows::text as compared,
            v.missing::text, v.extra::text, v.different::text, v.ended_at,
            case when v.state = 'clean' and not exists (
              select from transition t where t.group_name = v.group_name and t.state = 'done'
                 and t.kind in ('switch', 'rollback') and t.ended_at > v.started_at) then v.expires_at end as valid_until
       from verification v order by v.group_name, v.direction, v.started_at desc`,
  );
  return rows.map(({ ended_at, valid_until, ...row }) => ({
    group: row.group,
    direction: row.direction,
    compared: Number(row.compared),
    missing: Number(row.missing),
    extra: Number(row.extra),
    different: Number(row.different),
    endedAt: ended_at ?? undefined,
    validUntil: valid_until ?? undefined,
  }));
}

export async function countTransitions(db: Queryable): Promise<TransitionCount[]> {
  const { rows } = await db.query<TransitionCount>(
    `select group_name as "group", kind, state, count(*)::int as count
       from transition where state <> 'running' group by group_name, kind, state`,
  );
  return rows;
}

export async function readHandovers(db: Queryable): Promise<Handovers[]> {
  const { rows } = await db.query<{
    group: string;
    kind: TransitionKind;
    predicted: number | null;
    measured: number | null;
  }>(
    `select distinct on (group_name, kind) group_name as "group", kind, predicted_pause_ms as predicted,
            (measured ->> 'pauseMs')::float8 as measured
       from transition where kind in ('switch', 'rollback') and state = 'done'
      order by group_name, kind, started_at desc`,
  );
  return rows.map(({ group, kind, predicted, measured }) => ({
    group,
    kind,
    predictedMs: predicted ?? undefined,
    measuredMs: measured ?? undefined,
  }));
}
