import type pg from 'pg';
import { errorCodeOf, MatapaloError } from '#kernel/errors.ts';
import type { Queryable } from '#kernel/db/pool.ts';
import type { Phase, TransitionKind } from '#plan/phase.ts';
import { append, requireTerm } from './journal.ts';

export type TransitionState = 'running' | 'done' | 'undone' | 'failed';

export interface Transition {
  id: string;
  group: string;
  kind: TransitionKind;
  fromPhase: Phase;
  toPhase: Phase;
  /** Ownership epoch when it began. */
  fromEpoch: bigint;
  state: TransitionState;
  args: Record<string, unknown>;
  askedBy: string;
  predictedPauseMs: number | undefined;
  measured: Record<string, unknown> | undefined;
  reason: string | undefined;
  startedAt: Date;
  endedAt: Date | undefined;
}

interface Row {
  id: string;
  group_name: string;
  kind: TransitionKind;
  from_phase: Phase;
  to_phase: Phase;
  from_epoch: string;
  state: TransitionState;
  args: Record<string, unknown>;
  asked_by: string;
  predicted_pause_ms: number | null;
  measured: Record<string, unknown> | null;
  reason: string | null;
  started_at: Date;
  ended_at: Date | null;
}

function transitionOf(row: Row): Transition {
  return {
    id: row.id,
    group: row.group_name,
    kind: row.kind,
    fromPhase: row.from_phase,
    toPhase: row.to_phase,
    fromEpoch: BigInt(row.from_epoch),
    state: row.state,
    args: row.args,
    askedBy: row.asked_by,
    predictedPauseMs: row.predicted_pause_ms ?? undefined,
    measured: row.measured ?? undefined,
    reason: row.reason ?? undefined,
    startedAt: row.started_at,
    endedAt: row.ended_at ?? undefined,
  };
}

/** Creates the transition and its `begin` entry; call inside a transaction. One runs at a time in a group. */
export async function beginTransition(
  client: pg.PoolClient,
  term: bigint,
  transition: Pick<
    Transition,
    'id' | 'group' | 'kind' | 'fromPhase' | 'toPhase' | 'fromEpoch' | 'args' | 'askedBy' | 'predictedPauseMs'
  >,
  detail: Record<string, unknown>,
): Promise<void> {
  await requireTerm(client, term);
  // The phase that the gates saw must still be the phase.
  const { rowCount } = await client.query(
    'select from route_group where name = $1 and phase = $2 and holding is null for update',
    [transition.group, transition.fromPhase],
  );
  if (rowCount !== 1) throw running(transition.group);
  try {
    await client.query(
      `insert into transition (id, group_name, kind, from_phase, to_phase, from_epoch, args, asked_by, term, predicted_pause_ms)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
      [
        transition.id,
        transition.group,
        transition.kind,
        transition.fromPhase,
        transition.toPhase,
        transition.fromEpoch.toString(),
        JSON.stringify(transition.args),
        transition.askedBy,
        term.toString(),
        transition.predictedPauseMs ?? null,
      ],
    );
  } catch (error) {
    if (errorCodeOf(error) === '23505') throw running(transition.group);
    throw error;
  }
  await append(client, term, transition.id, 'begin', detail);
}

function running(group: string): MatapaloError {
  return new MatapaloError('transition-running', `Another transition of group ${group} is running.`, {
    hint: `Wait for it: \`matapalo history ${group}\`.`,
  });
}

/** Ends a transition; call inside a transaction that has checked the term. */
export async function endTransition(
  db: Queryable,
  id: string,
  state: Exclude<TransitionState, 'running'>,
  outcome: { reason?: string; measured?: Record<string, unknown> } = {},
): Promise<void> {
  await db.query(
    `update transition set state = $2, reason = coalesce($3, reason), measured = coalesce($4, measured),
            ended_at = clock_timestamp()
      where id = $1 and state = 'running'`,
    [id, state, outcome.reason ?? null, outcome.measured ? JSON.stringify(outcome.measured) : null],
  );
}

export async function readTransition(db: Queryable, id: string): Promise<Transition | undefined> {
  const { rows } = await db.query<Row>('select * from transition where id = $1', [id]);
  return rows[0] ? transitionOf(rows[0]) : undefined;
}

/** `before` leaves out those that a term has begun or taken up already. */
export async function readRunning(db: Queryable, before?: bigint): Promise<Transition[]> {
  const { rows } = await db.query<Row>(
    `select * from transition where state = 'running' and ($1::bigint is null or term < $1) order by started_at`,
    [before?.toString() ?? null],
  );
  return rows.map(transitionOf);
}

export async function readHistory(db: Queryable, group?: string, limit = 50): Promise<Transition[]> {
  const { rows } = await db.query<Row>(
    `select * from transition where $1::text is null or group_name = $1 order by started_at desc limit $2`,
    [group ?? null, limit],
  );
  return rows.map(transitionOf);
}
