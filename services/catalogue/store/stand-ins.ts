import type pg from 'pg';
import { borrow } from '#kernel/db/pool.ts';
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
export function onStandIns(pool: pg.Pool, work: (sql: Sql) => Promise<void>): Promise<void> {
  return borrow(pool, async (client, broke) => {
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
      await client.query('rollback').catch(broke);
    }
  });
}

/**
 * Lets each connection compile the guard, which a strangler may have put on the tables long after the connections were made, and
 * plan the statements that it has prepared. PostgreSQL does both for each connection, and the first for each table. The
 * statements that fire the triggers change no row; those that are planned are not run, and one that a migration has made stale
 * is left as it is.
 */
export async function meetTables(pool: pg.Pool, connections: number): Promise<void> {
  const fired = Object.entries(tables).map(
    ([table, column]) =>
      `begin update ${table} set ${column} = ${column} where false; exception when sqlstate 'MP001' then null; end;`,
  );
  const text = `do $$ declare call text; begin
    ${fired.join(' ')}
    set local plan_cache_mode = force_generic_plan;
    for call in select format('explain execute %I%s', name, '(' || nullif(array_to_string(array_fill('null'::text,
        array[cardinality(parameter_types)]), ','), '') || ')')
      from pg_prepared_statements where starts_with(name, 'statement_')
    loop
      begin execute call; exception when feature_not_supported then null; end;
    end loop;
  end $$`;
  await Promise.all(Array.from({ length: connections }, () => pool.query(text)));
}
