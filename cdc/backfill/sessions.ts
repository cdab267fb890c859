import pg from 'pg';
import type { Queryable } from '#kernel/db/pool.ts';
import { ident, literal } from '#kernel/db/sql.ts';
import { syncName } from '#plan/names.ts';
import type { Direction } from '#plan/phase.ts';
import { ensureOrigin } from '#cdc/capture/direct/objects.ts';

/**
 * A session that writes into a target as the tool does: in the replica role, so that the guard lets it in (only where this side
 * is not the owner), and under an origin, so that the other direction does not send it back. An origin serves one
 * session at a time, hence one a purpose. Release it with `client.release(true)`: its settings are the session's.
 */
export async function targetSession(
  pool: pg.Pool,
  group: string,
  direction: Direction,
  purpose: string,
): Promise<pg.PoolClient> {
  const origin = `${syncName(group, direction)}_${purpose}`;
  await ensureOrigin(pool, origin);
  const client = await pool.connect();
  try {
    await client.query('set session_replication_role = replica');
    await client.query('select pg_replication_origin_session_setup($1)', [origin]);
    return client;
  } catch (error) {
    client.release(true);
    throw error;
  }
}

/** Drops the origins of `targetSession`s that have ended. One that is still in use stays for the next call. */
export async function dropSessionOrigins(
  db: Queryable,
  group: string,
  direction: Direction,
  purposes: readonly string[],
): Promise<void> {
  for (const purpose of purposes) {
    const origin = `${syncName(group, direction)}_${purpose}`;
    await db
      .query('select pg_replication_origin_drop(roname) from pg_replication_origin where roname = $1', [
        origin,
      ])
      .catch(() => undefined);
  }
}

/** A snapshot that other sessions may read under, for as long as it is held. */
export interface HeldSnapshot {
  /** For `set transaction snapshot`. */
  name: string;
  /** As `pg_current_snapshot` writes it; '' for a slot's own. */
  recorded: string;
  release(): Promise<void>;
}

/** Makes the slot and holds the snapshot that its stream begins after. Waits for transactions that are running. */
export async function createSlotWithSnapshot(
  url: string,
  pool: pg.Pool,
  slot: string,
  signal: AbortSignal,
): Promise<HeldSnapshot> {
  // The walsender protocol has one connection parameter more than the driver's types know.
  const options: pg.ClientConfig & { replication: string } = {
    connectionString: url,
    application_name: 'matapalo slot',
    replication: 'database',
  };
  const replication = new pg.Client(options);
  replication.on('error', () => undefined);
  await replication.connect();
  const abort = () => void replication.end().catch(() => undefined);
  signal.addEventListener('abort', abort, { once: true });
  try {
    const { rows } = await replication.query<{ snapshot_name: string }>(
      `CREATE_REPLICATION_SLOT ${ident(slot)} LOGICAL pgoutput (SNAPSHOT 'export')`,
    );
    const exported = rows[0]?.snapshot_name;
    if (exported === undefined) throw new Error(`No snapshot was exported with slot ${slot}.`);
    // The exported one ends with the replication connection's next command; a second export outlives it.
    return await holdSnapshot(pool, exported);
  } finally {
    signal.removeEventListener('abort', abort);
    await replication.end().catch(() => undefined);
  }
}

/** Exports a snapshot from an ordinary transaction: a given one once more, or the present one. */
export async function holdSnapshot(pool: pg.Pool, of?: string): Promise<HeldSnapshot> {
  const client = await pool.connect();
  try {
    await client.query('begin isolation level repeatable read read only');
    if (of !== undefined) await client.query(`set transaction snapshot ${literal(of)}`);
    const { rows } = await client.query<{ name: string; recorded: string }>(
      'select pg_export_snapshot() as name, pg_current_snapshot()::text as recorded',
    );
    const row = rows[0];
    if (row === undefined) throw new Error('No snapshot was exported.');
    return {
      name: row.name,
      recorded: of === undefined ? row.recorded : '',
      async release() {
        await client.query('rollback').catch(() => undefined);
        client.release(true);
      },
    };
  } catch (error) {
    client.release(true);
    throw error;
  }
}
