import type pg from 'pg';
import { MatapaloError } from '#kernel/errors.ts';
import type { Queryable } from '#kernel/db/pool.ts';
import { readOwnership } from '#guard/ownership.ts';
import type { TableFlow } from '#plan/mapping/flow.ts';
import { otherSide, sourceSide, type Direction, type Side } from '#plan/phase.ts';
import type { SyncContext } from '#cdc/worker/job-context.ts';
import type { FlowSide } from './row-sql.ts';

/** Who owns the group, and hence which way its stream runs. Comparing may go either way; the stream goes one. */
export interface LiveSides {
  owner: Side;
  epoch: bigint;
  /** The direction whose stream carries the owner's writes. */
  direction: Direction;
  ownerPool: pg.Pool;
  copyPool: pg.Pool;
}

/** Throws `unavailable` while ownership is moving: the two rows disagree then. */
export async function liveSides(ctx: Pick<SyncContext, 'group' | 'legacy' | 'service'>): Promise<LiveSides> {
  const legacy = await readOwnership(ctx.legacy, ctx.group.name);
  const service = await readOwnership(ctx.service, ctx.group.name);
  if (legacy === undefined || service === undefined) {
    throw new MatapaloError('illegal-transition', `Group ${ctx.group.name} is not synced.`, {
      hint: `Run \`matapalo sync ${ctx.group.name}\` first.`,
    });
  }
  if (legacy.owner !== service.owner) {
    throw new MatapaloError('unavailable', `The owner of group ${ctx.group.name} is being changed.`, {
      hint: 'Try again when the transition has ended.',
    });
  }
  const { owner } = legacy;
  return {
    owner,
    epoch: legacy.epoch > service.epoch ? legacy.epoch : service.epoch,
    direction: owner === 'legacy' ? 'forward' : 'reverse',
    ownerPool: owner === 'legacy' ? ctx.legacy : ctx.service,
    copyPool: owner === 'legacy' ? ctx.service : ctx.legacy,
  };
}

/** Connections of a comparison: `source` may be one that is bound to a snapshot. */
export interface Readers {
  source: Queryable;
  target: Queryable;
}

export function readersOf(ctx: Pick<SyncContext, 'legacy' | 'service'>, direction: Direction): Readers {
  return direction === 'forward'
    ? { source: ctx.legacy, target: ctx.service }
    : { source: ctx.service, target: ctx.legacy };
}

/** Which end of a flow the owner is. */
export function ownerEnd(flow: TableFlow, owner: Side): FlowSide {
  return sourceSide(flow.direction) === owner ? 'source' : 'target';
}

export function sideOf(flow: TableFlow, end: FlowSide): Side {
  return end === 'source' ? sourceSide(flow.direction) : otherSide(sourceSide(flow.direction));
}
