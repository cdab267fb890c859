import type pg from 'pg';
import { MatapaloError } from '#kernel/errors.ts';
import { literal } from '#kernel/db/sql.ts';
import { databaseOf } from '#plan/compile.ts';
import { syncName } from '#plan/names.ts';
import { directions, otherSide, sourceSide, type Direction } from '#plan/phase.ts';
import { setStopped } from '#plan/store/groups.ts';
import { doneRanges } from '#cdc/backfill/ranges.ts';
import { createSlotWithSnapshot, dropSessionOrigins, targetSession } from '#cdc/backfill/sessions.ts';
import { settleRanges } from '#cdc/backfill/range-filter.ts';
import { isComplete } from '#cdc/backfill/target-state.ts';
import { dropCapture, ensurePublication, slotState } from '#cdc/capture/direct/objects.ts';
import type { JobContext, JobHandler } from '#cdc/worker/job-context.ts';
import { compareFlow, type Difference } from './compare-flow.ts';
import { addToPlan, type TableRepair } from './repair.ts';
import { readImages, writeImages } from './repair-rows.ts';
import { liveSides } from './sides.ts';
import { beginVerification, saveVerification, verificationId } from './verification-row.ts';
import { verifyDirection } from './verify-direction.ts';

const batchRows = 500;

/**
 * Job `resync`: for a slot that was lost, dropped or recreated, and for a stream with a gap. While the group's streams stand still,
 * a new slot is made with its snapshot; the copy's rows are made what the owner's are in that snapshot (mapped columns only,
 * what the other side does not model stays), and the stream goes on exactly after it. Until a verification finds both
 * equal, the group counts as different, so that neither a switch nor a rollback passes. Before the first copy was whole it begins anew instead.
 */
export const resyncJob: JobHandler = async (ctx) => {
  const live = await liveSides(ctx);
  const affected = await affectedDirections(ctx, live.direction);
  const plan = new Map<string, TableRepair>();
  const repeated = await ctx.whileStopped(async () => {
    await distrust(ctx);
    if (!(await copyIsWhole(ctx))) {
      await ctx.transport.remove({ group: ctx.group, direction: 'forward' });
      await dropCapture(ctx.legacy, syncName(ctx.group.name, 'forward'));
      await setStopped(ctx.control, ctx.group.name, undefined);
      return true;
    }
    for (const direction of affected)
      await resyncDirection(ctx, direction, direction === live.direction, plan);
    await setStopped(ctx.control, ctx.group.name, undefined);
    return false;
  });
  if (repeated) return { directions: affected, backfill: 'begun anew' };
  const verification = await verifyDirection(ctx, {
    id: verificationId(`${ctx.jobId} after`, live.direction),
    direction: live.direction,
    timeoutMs: 3_600_000,
    rest: 0,
  });
  return { directions: affected, plan: [...plan.values()], verification };
};

async function affectedDirections(ctx: JobContext, live: Direction): Promise<Direction[]> {
  const asked = ctx.args['direction'];
  if (asked === 'forward' || asked === 'reverse') return [asked];
  if (asked === 'both') return [...directions];
  const lost: Direction[] = [];
  for (const direction of directions) {
    const state = await slotState(sourcePool(ctx, direction), syncName(ctx.group.name, direction));
    if (state === undefined || state.walStatus === 'lost') lost.push(direction);
  }
  return lost.length > 0 ? lost : [live];
}

const sourcePool = (ctx: JobContext, direction: Direction) =>
  sourceSide(direction) === 'legacy' ? ctx.legacy : ctx.service;
const targetPool = (ctx: JobContext, direction: Direction) =>
  otherSide(sourceSide(direction)) === 'legacy' ? ctx.legacy : ctx.service;

async function copyIsWhole(ctx: JobContext): Promise<boolean> {
  return isComplete(ctx.flows.forward, await doneRanges(ctx.service, ctx.group.name, 'forward'));
}

/** An earlier clean verification says nothing any more. */
async function distrust(ctx: JobContext): Promise<void> {
  for (const direction of directions) {
    const id = verificationId(`${ctx.jobId} resync`, direction);
    const row = await beginVerification(ctx.control, id, ctx.group.name, direction);
    await saveVerification(ctx.control, { ...row, state: 'different' }, 0);
  }
}

async function resyncDirection(
  ctx: JobContext,
  direction: Direction,
  isLive: boolean,
  plan: Map<string, TableRepair>,
): Promise<void> {
  const { group, signal } = ctx;
  const source = sourcePool(ctx, direction);
  const target = targetPool(ctx, direction);
  const slot = syncName(group.name, direction);
  await ctx.transport.remove({ group, direction });
  await dropCapture(source, slot);
  await ensurePublication(source, group, direction);
  const url = databaseOf(group, sourceSide(direction));
  const snapshot = await createSlotWithSnapshot(url, source, slot, signal);
  const reader = await source.connect();
  try {
    await reader.query('begin isolation level repeatable read read only');
    await reader.query(`set transaction snapshot ${literal(snapshot.name)}`);
    // Only the owner's rows are right: the other direction's stream stands ready and has nothing to bring.
    if (isLive) await repairUnder(ctx, direction, reader, target, plan);
    await restartCheckpoint(ctx, direction, reader, target);
    if (direction === 'forward') await settleRanges(target, group.name, direction);
  } finally {
    reader.release(true);
    await snapshot.release();
  }
}

/** Nothing moves on the target meanwhile: what differs from the snapshot is a difference. */
async function repairUnder(
  ctx: JobContext,
  direction: Direction,
  reader: pg.PoolClient,
  target: pg.Pool,
  plan: Map<string, TableRepair>,
): Promise<void> {
  const session = await targetSession(target, ctx.group.name, direction, 'repair');
  try {
    const flows = ctx.flows[direction];
    for (const flow of [...flows.filter((item) => item.anchor), ...flows.filter((item) => !item.anchor)]) {
      for await (const { candidates } of compareFlow({ source: reader, target }, flow, undefined)) {
        ctx.signal.throwIfAborted();
        addToPlan(plan, flow, candidates);
        for (let at = 0; at < candidates.length; at += batchRows) {
          const keys = candidates.slice(at, at + batchRows).map((candidate: Difference) => candidate.key);
          const images = await readImages(reader, flow, keys);
          await session.query('begin');
          await writeImages(session, flow, keys, images);
          await session.query('commit');
        }
        await ctx.report([...plan.values()]);
      }
    }
  } finally {
    session.release(true);
  }
  await dropSessionOrigins(target, ctx.group.name, direction, ['repair']);
}

/** The stream goes on right after the snapshot: its next beat is the one after the snapshot's. */
async function restartCheckpoint(
  ctx: JobContext,
  direction: Direction,
  reader: pg.PoolClient,
  target: pg.Pool,
): Promise<void> {
  const slot = await slotState(sourcePool(ctx, direction), syncName(ctx.group.name, direction));
  const { rows } = await reader.query<{ n: string; epoch: string; owner: string; at: Date }>(
    'select n::text, epoch::text, owner, at from matapalo.beat where group_name = $1',
    [ctx.group.name],
  );
  const beat = rows[0];
  if (slot === undefined || beat === undefined) {
    throw new MatapaloError('unavailable', `The new slot of ${ctx.group.name} ${direction} vanished.`, {
      hint: 'Run `matapalo resync` again.',
    });
  }
  const { position, source } = await ctx.transport.begin(
    { group: ctx.group, direction },
    slot.confirmedFlush,
  );
  await target.query(
    `insert into matapalo.checkpoint as c (group_name, direction, term, pos_major, pos_minor, source, beat_n, beat_epoch, beat_owner, beat_at)
     values ($1, $2, 1, $3, $4, $5, $6, $7, $8, $9)
     on conflict (group_name, direction) do update
       set term = c.term + 1, pos_major = excluded.pos_major, pos_minor = excluded.pos_minor, source = excluded.source,
           beat_n = excluded.beat_n, beat_epoch = excluded.beat_epoch, beat_owner = excluded.beat_owner, beat_at = excluded.beat_at`,
    [
      ctx.group.name,
      direction,
      position.major.toString(),
      position.minor,
      JSON.stringify(source),
      beat.n,
      beat.epoch,
      beat.owner,
      beat.at,
    ],
  );
}
