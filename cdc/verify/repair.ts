import type pg from 'pg';
import { MatapaloError } from '#kernel/errors.ts';
import type { TableFlow } from '#plan/mapping/flow.ts';
import { dropSessionOrigins, targetSession } from '#cdc/backfill/sessions.ts';
import type { JobHandler, SyncContext } from '#cdc/worker/job-context.ts';
import { keyId, type Difference } from './compare-flow.ts';
import { readImages, writeImages, type Key, type Repaired } from './repair-rows.ts';
import { liveSides, type LiveSides } from './sides.ts';
import { passStream } from './stream-point.ts';
import { verificationId } from './verification-row.ts';
import { verifyDirection, type VerificationResult } from './verify-direction.ts';
import { numberArgument } from './verify.ts';

/** What a repair would do, or did, to one table. `samples` are keys, a few of each kind. */
export interface TableRepair {
  table: string;
  insert: number;
  update: number;
  delete: number;
  samples: { action: 'insert' | 'update' | 'delete'; key: Key }[];
}

const actions = { missing: 'insert', extra: 'delete', different: 'update' } as const;
const batchRows = 500;
const samplesPerTable = 20;

/**
 * Job `repair`: makes the copy's rows what the owner's map to, in the direction that is live. `dryRun` (default true) only
 * tells what it would do. After a repair the tables are verified again; that verification is the one that counts.
 */
export const repairJob: JobHandler = async (ctx) => {
  const dryRun = ctx.args['dryRun'] !== false;
  const live = await liveSides(ctx);
  const plan = new Map<string, TableRepair>();
  const done: Repaired = { inserted: 0, updated: 0, deleted: 0 };
  const session = dryRun
    ? undefined
    : await targetSession(live.copyPool, ctx.group.name, live.direction, 'repair');
  const options = {
    direction: live.direction,
    timeoutMs: numberArgument(ctx, 'timeoutMs', 3_600_000),
    rest: numberArgument(ctx, 'rest', 0.25),
  };
  let found: VerificationResult;
  try {
    found = await verifyDirection(ctx, {
      ...options,
      id: verificationId(`${ctx.jobId} ${dryRun ? 'plan' : 'before'}`, live.direction),
      onDifferences: async (flow, differences) => {
        addToPlan(plan, flow, differences);
        if (session) add(done, await repairRows(ctx, session, flow, differences, live));
      },
    });
  } finally {
    session?.release(true);
  }
  if (dryRun) return { dryRun, direction: live.direction, plan: [...plan.values()], orphans: found.orphans };
  await dropSessionOrigins(live.copyPool, ctx.group.name, live.direction, ['repair']);
  const after = await verifyDirection(ctx, {
    ...options,
    id: verificationId(`${ctx.jobId} after`, live.direction),
  });
  return { dryRun, direction: live.direction, plan: [...plan.values()], ...done, verification: after };
};

export function addToPlan(
  plan: Map<string, TableRepair>,
  flow: TableFlow,
  differences: readonly Difference[],
): void {
  const table = flow.target.ref.name;
  const entry = plan.get(table) ?? { table, insert: 0, update: 0, delete: 0, samples: [] };
  plan.set(table, entry);
  for (const { kind, key } of differences) {
    entry[actions[kind]] += 1;
    if (entry.samples.length < samplesPerTable) entry.samples.push({ action: actions[kind], key });
  }
}

function add(sum: Repaired, more: Repaired): void {
  sum.inserted += more.inserted;
  sum.updated += more.updated;
  sum.deleted += more.deleted;
}

/**
 * In step with the stream. The owner's rows are read, then the stream is passed, so that the copy has all that led to them; then,
 * with the checkpoint row held so that the applier waits, the owner is asked once more. A row that did not change in between
 * is written: every later change is still to come and will be applied on top. One that did is left for the next
 * round; the stream may have mended it by then.
 */
async function repairRows(
  ctx: SyncContext,
  session: pg.PoolClient,
  flow: TableFlow,
  differences: readonly Difference[],
  live: LiveSides,
): Promise<Repaired> {
  const done: Repaired = { inserted: 0, updated: 0, deleted: 0 };
  for (let at = 0; at < differences.length; at += batchRows) {
    let pending: Key[] = differences.slice(at, at + batchRows).map((difference) => difference.key);
    for (let round = 0; pending.length > 0; round++) {
      ctx.signal.throwIfAborted();
      if (round === 30) {
        throw new MatapaloError(
          'unavailable',
          `Rows of ${flow.target.ref.name} are written too often to be repaired.`,
          {
            hint: 'Try again at a quieter time.',
          },
        );
      }
      const before = await readImages(live.ownerPool, flow, pending);
      await passStream(ctx.group.name, live, ctx.signal, 30_000);
      await session.query('begin');
      try {
        await session.query(
          'select from matapalo.checkpoint where group_name = $1 and direction = $2 for update',
          [ctx.group.name, live.direction],
        );
        const now = await readImages(live.ownerPool, flow, pending);
        const steady = pending.filter((key) => before.get(keyId(key))?.xmin === now.get(keyId(key))?.xmin);
        const images = new Map([...now].filter(([id, image]) => before.get(id)?.xmin === image.xmin));
        add(done, await writeImages(session, flow, steady, images));
        await session.query('commit');
        pending = pending.filter((key) => !steady.includes(key));
      } catch (error) {
        await session.query('rollback').catch(() => undefined);
        throw error;
      }
    }
  }
  return done;
}
