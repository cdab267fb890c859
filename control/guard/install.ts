import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { errorCodeOf, MatapaloError } from '#kernel/errors.ts';
import { transaction, type Queryable } from '#kernel/db/pool.ts';
import { ident, literal } from '#kernel/db/sql.ts';
import type { GroupPlan, TableRef } from '#plan/compile.ts';
import type { Owner, Side } from '#plan/phase.ts';
import { refusalSequence } from './refusals.ts';
import { functionsSql, schemaSql } from './schema.ts';

export const statementTrigger = 'matapalo_guard';
export const truncateTrigger = 'matapalo_guard_truncate';
export const rowTrigger = 'matapalo_guard_row';

/** Second key of the guard's advisory locks: the same number on every server, whatever its version hashes. */
export function lockKey(group: string): number {
  return createHash('sha256').update(group).digest().readInt32BE(0);
}

/** The group's tables on one side, each once. */
export function tablesOf(group: GroupPlan, side: Side): TableRef[] {
  const refs = new Map(group.tables.map((table) => [table[side].name, table[side]]));
  return [...refs.values()];
}

/**
 * Puts the guard on one side of a group: schema, ownership row (kept when there), triggers. Each trigger waits only a
 * moment for its table's lock and is tried again, so that no client queues behind us for long.
 */
export async function installGuard(
  pool: pg.Pool,
  group: GroupPlan,
  side: Side,
  owner: Owner,
  epoch: bigint,
): Promise<void> {
  await transaction(pool, async (db) => {
    // CREATE IF NOT EXISTS is not safe against itself.
    await db.query('select pg_advisory_xact_lock(19793, 2)');
    await db.query(schemaSql);
    await db.query(functionsSql);
    await db.query(`create sequence if not exists ${refusalSequence(group.name)}`);
    await db.query(
      `insert into matapalo.ownership (group_name, side, owner, epoch) values ($1, $2, $3, $4) on conflict do nothing`,
      [group.name, side, owner, epoch.toString()],
    );
    await db.query(
      `insert into matapalo.beat (group_name, n, epoch, owner, at) values ($1, 0, $2, $3, clock_timestamp()) on conflict do nothing`,
      [group.name, epoch.toString(), owner],
    );
    const { rows } = await db.query<{ side: Side }>(
      'select side from matapalo.ownership where group_name = $1',
      [group.name],
    );
    if (rows[0]?.side !== side) {
      throw new MatapaloError(
        'preflight-failed',
        `The database that the config names as ${side} is marked as ${rows[0]?.side ?? 'nothing'} for group ${group.name}.`,
        {
          hint: 'The two databases of the group are exchanged, or are one. Correct the config.',
        },
      );
    }
  });
  for (const table of tablesOf(group, side)) {
    await withShortLocks(pool, table, (db) => guardTable(db, group.name, table));
  }
}

async function guardTable(db: Queryable, group: string, table: TableRef): Promise<void> {
  const on = `${ident(table.schema)}.${ident(table.table)}`;
  const args = `(${literal(group)}, ${literal(String(lockKey(group)))})`;
  const { rows } = await db.query<{ partitioned: boolean; subscribed: boolean }>(
    `select c.relkind = 'p' as partitioned, exists (select from pg_subscription_rel r where r.srrelid = c.oid) as subscribed
       from pg_class c where c.oid = $1::regclass`,
    [on],
  );
  await db.query(`
    create or replace trigger ${statementTrigger} before insert or update or delete on ${on}
      for each statement execute function matapalo.guard${args};
    create or replace trigger ${truncateTrigger} before truncate on ${on}
      for each statement execute function matapalo.guard${args};
    alter table ${on} enable always trigger ${statementTrigger};
    alter table ${on} enable always trigger ${truncateTrigger};
  `);
  if (rows[0]?.partitioned || rows[0]?.subscribed) {
    await db.query(`
      create or replace trigger ${rowTrigger} before insert or update or delete on ${on}
        for each row execute function matapalo.guard_row${args};
      alter table ${on} enable always trigger ${rowTrigger};
    `);
  }
}

/** Runs DDL on a table under a short lock_timeout, again and again for up to a minute. */
async function withShortLocks(
  pool: pg.Pool,
  table: TableRef,
  work: (db: pg.PoolClient) => Promise<void>,
): Promise<void> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    try {
      await transaction(pool, async (db) => {
        await db.query("set local lock_timeout = '250ms'");
        await work(db);
      });
      return;
    } catch (error) {
      const code = errorCodeOf(error);
      if (code !== '55P03' && code !== '40P01') throw error;
      if (Date.now() > deadline) {
        throw new MatapaloError('unavailable', `${table.name} stayed locked for a minute.`, {
          hint: 'End the long transaction on it (pg_stat_activity, pg_locks), then try again.',
          cause: error,
        });
      }
      await delay(100 + Math.random() * 200);
    }
  }
}

/** Takes the triggers of one side away; its ownership row stays, for applications that ask who owns the group. */
export async function dropTriggers(pool: pg.Pool, group: GroupPlan, side: Side): Promise<void> {
  for (const table of tablesOf(group, side)) {
    await withShortLocks(pool, table, async (db) => {
      const { rows } = await db.query<{ found: string | null }>('select to_regclass($1)::text as found', [
        `${ident(table.schema)}.${ident(table.table)}`,
      ]);
      if (rows[0]?.found == null) return;
      const on = `${ident(table.schema)}.${ident(table.table)}`;
      for (const trigger of [statementTrigger, truncateTrigger, rowTrigger]) {
        await db.query(`drop trigger if exists ${trigger} on ${on}`);
      }
    });
  }
}

/** Leaves one side as it was found. The schema goes with the last group that uses it. */
export async function uninstallGuard(pool: pg.Pool, group: GroupPlan, side: Side): Promise<void> {
  await dropTriggers(pool, group, side);
  await transaction(pool, async (db) => {
    await db.query('select pg_advisory_xact_lock(19793, 2)');
    const { rows } = await db.query<{ there: boolean }>(
      `select to_regclass('matapalo.ownership') is not null as there`,
    );
    if (!rows[0]?.there) return;
    for (const table of ['ownership', 'beat', 'checkpoint', 'backfill_range', 'census']) {
      await db.query(`delete from matapalo.${table} where group_name = $1`, [group.name]);
    }
    await db.query(`drop sequence if exists ${refusalSequence(group.name)}`);
    const left = await db.query('select from matapalo.ownership limit 1');
    if (left.rowCount === 0) await db.query('drop schema matapalo cascade');
  });
}

/** Guard triggers that are missing, disabled or not ALWAYS on one side; empty when all stand. */
export async function guardGaps(db: Queryable, group: GroupPlan, side: Side): Promise<string[]> {
  const gaps: string[] = [];
  for (const table of tablesOf(group, side)) {
    const { rows } = await db.query<{ name: string; enabled: string }>(
      `select tgname::text as name, tgenabled::text as enabled from pg_trigger
        where tgrelid = to_regclass($1) and not tgisinternal and tgname like 'matapalo\\_guard%'`,
      [`${ident(table.schema)}.${ident(table.table)}`],
    );
    const enabled = new Map(rows.map((row) => [row.name, row.enabled]));
    for (const trigger of [statementTrigger, truncateTrigger]) {
      if (enabled.get(trigger) !== 'A')
        gaps.push(`${table.name}: ${trigger} ${enabled.has(trigger) ? 'is disabled' : 'is missing'}`);
    }
  }
  return gaps;
}
