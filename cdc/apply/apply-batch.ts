import type pg from 'pg';
import { describeError, errorCodeOf, MatapaloError } from '#kernel/errors.ts';
import { isConnectionError } from '#kernel/db/pool.ts';
import { sqlStates } from '#plan/names.ts';
import type { Batch } from './batch.ts';
import type { LoggedChange } from './change-log.ts';
import { advance, type Checkpoint } from './checkpoint.ts';
import { Merger, type Segment } from './merge.ts';
import { keyTexts, writeSegment, type WriteMode, type Writers } from './write-segment.ts';

/** Where and what a change is that the target refuses; shown to people, and what `skip` names. */
export interface PoisonEvent {
  position: { major: string; minor: number };
  event: { table: string; op: string; key: string[] };
}

/**
 * Applies a batch in one transaction: the checkpoint first (compare-and-set), then the rows. Sets first; where rows exchange unique
 * values, with rows taken out before they are put back; and where that fails too, change by change in the source's order, which
 * either works or shows the one change that the target refuses. Returns with the transaction committed; throws with nothing changed,
 * `group-stopped` for a poison event.
 */
export async function applyBatch(
  db: pg.ClientBase,
  writers: Writers,
  checkpoint: Checkpoint,
  batch: Batch,
): Promise<void> {
  const segments = batch.merger.segments;
  if (segments.length === 0) return advanceOnly(db, checkpoint, batch);
  try {
    return await attempt(db, checkpoint, batch, () => writeAll(db, writers, segments, 'set'));
  } catch (error) {
    if (isTransient(error)) throw error;
    // 23505: two rows may exchange a unique value. 23P01: the same for an exclusion.
    const code = errorCodeOf(error);
    if (code === '23505' || code === '23P01') {
      try {
        return await attempt(db, checkpoint, batch, () => writeAll(db, writers, segments, 'parked'));
      } catch (again) {
        if (isTransient(again)) throw again;
      }
    }
  }
  await attempt(db, checkpoint, batch, async () => {
    for (const change of batch.log) {
      try {
        await writeAll(db, writers, segmentsOf(change), 'set');
      } catch (error) {
        throw isTransient(error) ? error : poison(change, error);
      }
    }
  });
}

async function advanceOnly(db: pg.ClientBase, checkpoint: Checkpoint, batch: Batch): Promise<void> {
  if (batch.end === undefined) return;
  await advance(db, checkpoint, { to: batch.end, beat: batch.beat, sourceAtMs: batch.sourceAtMs });
}

async function attempt(
  db: pg.ClientBase,
  checkpoint: Checkpoint,
  batch: Batch,
  write: () => Promise<void>,
): Promise<void> {
  await db.query('begin');
  try {
    await advanceOnly(db, checkpoint, batch);
    await write();
  } catch (error) {
    await db.query('rollback').catch(() => undefined);
    throw error;
  }
  await db.query('commit');
}

async function writeAll(
  db: pg.ClientBase,
  writers: Writers,
  segments: readonly Segment[],
  mode: WriteMode,
): Promise<void> {
  for (const segment of segments) await writeSegment(db, writers, segment, mode);
}

function segmentsOf(change: LoggedChange): Segment[] {
  const merger = new Merger();
  if (change.op === 'truncate') merger.truncate(change.truncated);
  else if (change.table !== undefined) {
    const { op, bytes, newAt, oldAt, table, flows } = change;
    merger.add(table, { op, relation: table.relation, bytes, newAt, oldAt }, flows);
  }
  return merger.segments;
}

/**
 * Failures that say nothing about the rows: connections, deadlocks, resources (a full disk), restarts, a lost race with
 * another applier, and the guard's refusal of an applier whose side owns the group now.
 */
export function isTransient(error: unknown): boolean {
  const code = errorCodeOf(error);
  if (isConnectionError(error) || code === 'fenced' || code === sqlStates.staleApplier) return true;
  return code !== undefined && /^(08|25|40|53|55|57|58)/.test(code);
}

function poison(change: LoggedChange, cause: unknown): MatapaloError {
  const { table, op } = change;
  const name = table
    ? `${table.relation.schema}.${table.relation.table}`
    : change.truncated.map((t) => `${t.relation.schema}.${t.relation.table}`).join(', ');
  const columns =
    table === undefined ? [] : table.key.map((place) => table.relation.columns[place]?.name ?? '');
  const key =
    table === undefined
      ? []
      : keyTexts(table, columns, {
          bytes: change.bytes,
          at: change.newAt >= 0 ? change.newAt : change.oldAt,
        });
  const extra: PoisonEvent = {
    position: { major: change.major.toString(), minor: change.minor },
    event: { table: name, op, key },
  };
  const lossy = cause instanceof MatapaloError && cause.code === 'lossy-row';
  return new MatapaloError(
    lossy ? 'lossy-row' : 'group-stopped',
    `The ${op} of ${name} (${columns.map((column, i) => `${column} ${key[i]}`).join(', ')}) cannot be applied: ${describeError(cause)}`,
    {
      cause,
      hint: `Mend the cause and resume, or pass over this one change with \`matapalo skip\` (position ${change.major}/${change.minor}).`,
      extra: {
        ...extra,
        ...(lossy ? { columns: cause.extra['columns'] } : { sqlState: errorCodeOf(cause) }),
      },
    },
  );
}
