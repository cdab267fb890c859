import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { errorCodeOf, MatapaloError } from '#kernel/errors.ts';
import { isConnectionError, transactionBegunBy, type Queryable } from '#kernel/db/pool.ts';
import { guardLockClass } from '#plan/names.ts';
import type { Owner, Side } from '#plan/phase.ts';
import { lockKey } from './install.ts';

/** What one database says about a group. */
export interface Ownership {
  side: Side;
  owner: Owner;
  epoch: bigint;
}

/** The beat that the move wrote as its last statement: waiting for exactly this one proves all before it. */
export interface Beat {
  epoch: bigint;
  n: bigint;
}

export async function readOwnership(db: Queryable, group: string): Promise<Ownership | undefined> {
  const { rows } = await db.query<{ side: Side; owner: Owner; epoch: string }>(
    'select side, owner, epoch::text from matapalo.ownership where group_name = $1',
    [group],
  );
  const row = rows[0];
  return row ? { side: row.side, owner: row.owner, epoch: BigInt(row.epoch) } : undefined;
}

export interface Move {
  /** What the row must say for the move to happen. */
  from: { owner: Owner; epoch: bigint };
  to: { owner: Owner; epoch: bigint };
  /** Give up (nothing changed) after this long without the lock. */
  timeoutMs: number;
  /** Aborts the waiting between attempts. */
  signal?: AbortSignal;
}

/**
 * Moves one database's ownership row by compare-and-set under the exclusive lock, and beats, in one transaction. Closing,
 * opening, fencing and reopening are all this, with different rows.
 *
 * The lock waits for every writer in flight. It is asked for in short turns, shorter than deadlock_timeout: a queue that
 * would deadlock is then broken by us giving way, never by a client being cancelled, and new writers pass between turns.
 *
 * Returns the beat. Throws `fenced` when the row is neither as expected nor already as wanted (a repeat after a lost COMMIT
 * answer reads the outcome back), `unavailable` when the lock was not to be had in time.
 */
export async function moveOwnership(pool: pg.Pool, group: string, move: Move): Promise<Beat> {
  const deadline = Date.now() + move.timeoutMs;
  for (let turn = 0; ; turn++) {
    move.signal?.throwIfAborted();
    try {
      return await transactionBegunBy(
        pool,
        (db) => lockOut(db, group, turn),
        (db) => moveOnce(db, group, move),
      );
    } catch (error) {
      const code = errorCodeOf(error);
      const lockNotHad = code === '55P03' || code === '40P01';
      // A lost connection leaves the outcome open: the next turn reads it back.
      if (!lockNotHad && !isConnectionError(error)) throw error;
      if (Date.now() >= deadline) {
        throw new MatapaloError(
          lockNotHad ? 'unavailable' : 'unreachable',
          lockNotHad
            ? `Writers of group ${group} did not finish within ${move.timeoutMs} ms.`
            : `The database of group ${group} went away while its owner was being changed.`,
          {
            hint: 'Look for long, idle or prepared transactions (pg_stat_activity, pg_prepared_xacts); `matapalo doctor` lists them.',
            cause: error,
          },
        );
      }
      await delay(lockNotHad ? 5 + Math.random() * 20 : 50 + Math.random() * 50);
    }
  }
}

/** Begins the transaction and takes the exclusive lock, in one round trip: clients wait for what this takes. */
async function lockOut(db: Queryable, group: string, turn: number): Promise<void> {
  // The first turns are the shortest: while we wait, new writers queue behind us.
  const lockTimeoutMs = Math.min(400, 50 * 2 ** Math.min(turn, 3));
  await db.query(
    `begin isolation level read committed; set local lock_timeout = '${lockTimeoutMs}ms';
     select pg_advisory_xact_lock(${guardLockClass}, ${lockKey(group)})`,
  );
}

async function moveOnce(db: Queryable, group: string, move: Move): Promise<Beat> {
  const moved = await db.query(
    `update matapalo.ownership set owner = $2, epoch = $3, changed_at = clock_timestamp()
      where group_name = $1 and owner = $4 and epoch = $5`,
    [group, move.to.owner, move.to.epoch.toString(), move.from.owner, move.from.epoch.toString()],
  );
  if (moved.rowCount !== 1) {
    const now = await readOwnership(db, group);
    if (now?.owner === move.to.owner && now.epoch === move.to.epoch) return readBeat(db, group);
    throw new MatapaloError(
      'fenced',
      `Group ${group} is at ${now ? `${now.owner}, epoch ${now.epoch}` : 'no ownership row'}, not at ${move.from.owner}, epoch ${move.from.epoch}.`,
      { extra: { owner: now?.owner, epoch: now?.epoch.toString() } },
    );
  }
  const { rows } = await db.query<{ n: string; epoch: string }>(
    `update matapalo.beat set n = n + 1, epoch = $2, owner = $3, at = clock_timestamp()
      where group_name = $1 returning n::text, epoch::text`,
    [group, move.to.epoch.toString(), move.to.owner],
  );
  const row = rows[0];
  if (row === undefined)
    throw new MatapaloError('fenced', `Group ${group} has no beat row.`, { hint: 'Run `matapalo doctor`.' });
  return { n: BigInt(row.n), epoch: BigInt(row.epoch) };
}

async function readBeat(db: Queryable, group: string): Promise<Beat> {
  const { rows } = await db.query<{ n: string; epoch: string }>(
    'select n::text, epoch::text from matapalo.beat where group_name = $1',
    [group],
  );
  return { n: BigInt(rows[0]?.n ?? 0), epoch: BigInt(rows[0]?.epoch ?? 0) };
}

/**
 * An ordinary beat: proves that all before it has been applied, and keeps an idle slot moving. Owner and epoch are left as the
 * last move wrote them; the row's lock puts a beat that races a move after it.
 */
export async function beat(db: Queryable, group: string): Promise<Beat | undefined> {
  const { rows } = await db.query<{ n: string; epoch: string }>(
    `update matapalo.beat set n = n + 1, at = clock_timestamp() where group_name = $1 returning n::text, epoch::text`,
    [group],
  );
  const row = rows[0];
  return row ? { n: BigInt(row.n), epoch: BigInt(row.epoch) } : undefined;
}

/** True once the side's applier has committed the beat `wanted` (or a later one) of the other side's database. */
export async function isApplied(
  targetDb: Queryable,
  group: string,
  direction: 'forward' | 'reverse',
  wanted: Beat,
): Promise<boolean> {
  const { rows } = await targetDb.query<{ applied: boolean }>(
    `select (beat_epoch, beat_n) >= ($3::bigint, $4::bigint) as applied from matapalo.checkpoint
      where group_name = $1 and direction = $2 and beat_n is not null`,
    [group, direction, wanted.epoch.toString(), wanted.n.toString()],
  );
  return rows[0]?.applied === true;
}
