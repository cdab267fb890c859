import pg from 'pg';
import { seedCatalogue } from './catalogue.ts';
import { seedOrders } from './orders.ts';
import { seedSupport } from './support.ts';
import { seedUsers } from './users.ts';

/** `scale` 1 is the whole sample shop; less shrinks it, for tests. */
export function seedCounts(scale: number) {
  const of = (full: number, least: number) => Math.max(least, Math.round(full * scale));
  return {
    users: of(20_000, 40),
    products: of(10_000, 80),
    orders: of(100_000, 100),
    tickets: of(10_000, 40),
  };
}

/** Fills each module's tables that are still empty; what is there already is left alone. Gives what it filled. */
export async function seed(databaseUrl: string, scale = 1): Promise<string[]> {
  const counts = seedCounts(scale);
  const modules = [
    { name: 'users', table: 'usr', load: (client: pg.Client) => seedUsers(client, counts.users) },
    { name: 'catalogue', table: 'prod', load: (client: pg.Client) => seedCatalogue(client, counts.products) },
    { name: 'orders', table: 'ord', load: (client: pg.Client) => seedOrders(client, counts) },
    { name: 'support', table: 'tkt', load: (client: pg.Client) => seedSupport(client, counts) },
  ];
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'shop-seed' });
  await client.connect();
  const filled: string[] = [];
  try {
    for (const { name, table, load } of modules) {
      await client.query('begin');
      // Two seeds at once would both find the table empty.
      await client.query(`select pg_advisory_xact_lock(hashtext('shop-seed'))`);
      const { rowCount } = await client.query(`select 1 from ${table} limit 1`);
      if (rowCount === 0) {
        await load(client);
        filled.push(name);
      }
      await client.query('commit');
    }
    if (filled.length > 0) await client.query('analyze');
    return filled;
  } finally {
    await client.end();
  }
}
