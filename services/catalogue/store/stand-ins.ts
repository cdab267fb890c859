import type pg from 'pg';
import { onConnection, type Sql } from '#kernel/db/statements.ts';

/** The catalogue's tables, each with a column of its own, in the order in which they refer to each other. */
const tables = {
  categories: 'id',
  products: 'id',
  prices: 'product_id',
  stock_levels: 'product_id',
  stock_adjustments: 'id',
  reservations: 'id',
  reservation_lines: 'product_id',
  outbox: 'id',
};
const names = Object.keys(tables);

/**
 * Runs `work` against empty temporary copies of the catalogue's tables, in a transaction that is always rolled back: whatever
 * it writes, nobody sees, no guard refuses, and no slot, sequence or row of the real tables knows of it. A temporary table
 * hides the real one of its name from the connection that made it; where it would not (a search_path that says otherwise)
 * nothing is run.
 */
export async function onStandIns(pool: pg.Pool, work: (sql: Sql) => Promise<void>): Promise<void> {
  const client = await pool.connect();
  let broken: Error | undefined;
  const onError = (error: Error) => {
    broken ??= error;
  };
  client.on('error', onError);
  try {
    await client.query(
      [
        'begin',
        ...names.map((table) => `create temp table ${table} (like ${table} including all) on commit drop`),
      ].join(';'),
    );
    const { rows: real } = await client.query(
      `select from pg_class where oid = any($1::regclass[]) and relpersistence <> 't'`,
      [names],
    );
    if (real.length > 0) throw new Error('The search_path puts pg_temp behind the real tables.');
    await work(onConnection(client));
  } finally {
    await client.query('rollback').catch(onError);
    client.release(broken);
    client.off('error', onError);
  }
}

/**
 * Lets each idle connection meet the guard, which a strangler may have put on the tables long after the connections were
 * made. Its triggers are compiled by every connection for itself, table by table; a statement that changes no row fires them.
 */
export async function meetGuards(pool: pg.Pool, connections: number): Promise<void> {
  const meetings = Object.entries(tables).map(
    ([table, column]) =>
      `begin update ${table} set ${column} = ${column} where false; exception when sqlstate 'MP001' then null; end;`,
  );
  await Promise.all(
    Array.from({ length: connections }, () => pool.query(`do $$ begin ${meetings.join(' ')} end $$`)),
  );
}
