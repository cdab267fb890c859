import type pg from 'pg';
import { errorCodeOf } from '#kernel/errors.ts';
import { transaction, type Queryable } from '#kernel/db/pool.ts';
import { ident, literal } from '#kernel/db/sql.ts';
import type { GroupPlan } from '#plan/compile.ts';
import { syncName, toolSchema } from '#plan/names.ts';
import { sourceSide, type Direction } from '#plan/phase.ts';
import { tablesOf } from '#guard/install.ts';

/**
 * Publication of a group's tables on a direction's source side, and of its beat. It must be there before the slot: a
 * change decoded from before the publication fails the stream. Tables that the config gained are added, others dropped.
 */
export async function ensurePublication(
  pool: pg.Pool,
  group: GroupPlan,
  direction: Direction,
): Promise<void> {
  const name = syncName(group.name, direction);
  const tables = tablesOf(group, sourceSide(direction));
  const list = [
    ...tables.map((table) => `table ${ident(table.schema)}.${ident(table.table)}`),
    `table ${toolSchema}.beat where (group_name = ${literal(group.name)})`,
  ].join(', ');
  await transaction(pool, async (db) => {
    await db.query('select pg_advisory_xact_lock(19793, 3)');
    const { rows } = await db.query<{ present: string[] | null }>(
      `select (select array_agg(schemaname || '.' || tablename) from pg_publication_tables where pubname = p.pubname) as present
         from pg_publication p where pubname = $1`,
      [name],
    );
    const found = rows[0];
    if (found === undefined) {
      await db.query(
        `create publication ${ident(name)} for ${list} with (publish_via_partition_root = true)`,
      );
      return;
    }
    const present = new Set(found.present ?? []);
    const wanted = [...tables.map((table) => table.name), `${toolSchema}.beat`];
    if (present.size !== wanted.length || wanted.some((table) => !present.has(table))) {
      await db.query(`alter publication ${ident(name)} set ${list}`);
    }
  });
}

export interface SlotState {
  /** `reserved`, `extended`, `unreserved` or `lost`. */
  walStatus: string;
  confirmedFlush: bigint;
  retainedBytes: bigint;
  /** What may still be written before the slot is lost; undefined where the source sets no limit. */
  safeBytes: bigint | undefined;
  /** How far the source has written, in bytes since its cluster was made. */
  walPosition: bigint;
  active: boolean;
  plugin: string;
  invalidation: string | undefined;
}

/** Undefined where there is no such slot in this database. */
export async function slotState(db: Queryable, name: string): Promise<SlotState | undefined> {
  const { rows } = await db.query<{
    wal_status: string | null;
    flush: string | null;
    retained: string | null;
    safe: string | null;
    position: string;
    active: boolean;
    plugin: string;
    invalidation: string | null;
  }>(
    `select wal_status, (confirmed_flush_lsn - '0/0'::pg_lsn)::text as flush, active, plugin,
            (pg_current_wal_lsn() - restart_lsn)::text as retained, safe_wal_size::text as safe,
            (pg_current_wal_lsn() - '0/0'::pg_lsn)::text as position,
            to_jsonb(s) ->> 'invalidation_reason' as invalidation
       from pg_replication_slots s where slot_name = $1 and database = current_database()`,
    [name],
  );
  const row = rows[0];
  if (row === undefined) return undefined;
  return {
    walStatus: row.wal_status ?? 'lost',
    confirmedFlush: BigInt(row.flush ?? 0),
    retainedBytes: BigInt(row.retained ?? 0),
    safeBytes: row.safe === null ? undefined : BigInt(row.safe),
    walPosition: BigInt(row.position),
    active: row.active,
    plugin: row.plugin,
    invalidation: row.invalidation ?? undefined,
  };
}

/** Makes the slot where it is missing, without a snapshot. Waits for transactions that are running. True when made. */
export async function ensureSlot(db: Queryable, name: string): Promise<boolean> {
  if ((await slotState(db, name)) !== undefined) return false;
  try {
    await db.query(`select pg_create_logical_replication_slot($1, 'pgoutput')`, [name]);
    return true;
  } catch (error) {
    // Another worker was faster.
    if (errorCodeOf(error) === '42710') return false;
    throw error;
  }
}

/** The origin marks what our appliers write, so that the other direction does not send it back. */
export async function ensureOrigin(db: Queryable, name: string): Promise<void> {
  const { rows } = await db.query('select from pg_replication_origin where roname = $1', [name]);
  if (rows.length > 0) return;
  try {
    await db.query('select pg_replication_origin_create($1)', [name]);
  } catch (error) {
    const code = errorCodeOf(error);
    if (code !== '42710' && code !== '23505') throw error;
  }
}

/**
 * Ends the stream that still reads a slot, such as one of a stalled or unreachable predecessor, and waits until the slot is
 * free. Only whoever leads the group may do this; the overtaken one finds its checkpoint fenced.
 */
export async function releaseSlot(db: Queryable, name: string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const { rows } = await db.query(
      `select pg_terminate_backend(active_pid) from pg_replication_slots
        where slot_name = $1 and database = current_database() and active_pid is not null`,
      [name],
    );
    if (rows.length === 0) return;
    await db.query('select pg_sleep(0.05)');
  }
}

/** Removes slot and publication from a direction's source; what is not there is no error. */
export async function dropCapture(db: Queryable, name: string): Promise<void> {
  await releaseSlot(db, name);
  for (let attempt = 0; ; attempt++) {
    try {
      await db.query(
        `select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = $1 and database = current_database()`,
        [name],
      );
      break;
    } catch (error) {
      // 55006: the process that was just told to end still holds it.
      if (errorCodeOf(error) !== '55006' || attempt >= 50) throw error;
      await db.query('select pg_sleep(0.1)');
    }
  }
  await db.query(`drop publication if exists ${ident(name)}`);
}

/** Removes origins of a direction from its target: the applier's, and those of parallel sessions (`<name>_...`). */
export async function dropOrigins(db: Queryable, name: string): Promise<void> {
  await db.query(
    `select pg_replication_origin_drop(roname) from pg_replication_origin where roname = $1 or starts_with(roname, $1 || '_')`,
    [name],
  );
}

/** `X/Y` of a 64-bit LSN. */
export function formatLsn(lsn: bigint): string {
  return `${(lsn >> 32n).toString(16).toUpperCase()}/${(lsn & 0xffff_ffffn).toString(16).toUpperCase()}`;
}

export function parseLsn(text: string): bigint {
  const [high = '0', low = '0'] = text.split('/');
  return (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`);
}
