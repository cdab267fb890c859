import { startCluster, type Cluster } from '#stack/clusters.ts';
import { createPool } from '#kernel/db/pool.ts';
import { compilePlan, type Plan } from '#plan/compile.ts';
import type { DebeziumConfig } from '#plan/debezium-config.ts';
import { installGuard } from '#guard/install.ts';
import { migrateControl } from '#plan/store/migrate-control.ts';
import type pg from 'pg';

/** The source's table, about ten columns as a shop has them. */
const sourceTable = `create table item (
  id bigint primary key, cd text not null, nm text not null, price_cents bigint not null, qty integer not null,
  state text not null, weight double precision, note text, created_at timestamptz not null, upd_at timestamptz not null)`;

const targetTable = `create table product (
  id bigint primary key, code text not null, name text not null, price numeric(12, 2) not null, quantity integer not null,
  status text not null, weight double precision, note text, created_at timestamptz not null, updated_at timestamptz not null)`;

const table = {
  legacy: 'item',
  service: 'product',
  forward: {
    id: 'id',
    code: 'cd',
    name: 'nm',
    price: 'price_cents / 100.0',
    quantity: 'qty',
    status: `case state when 'A' then 'active' else 'archived' end`,
    weight: 'weight',
    note: 'note',
    created_at: 'created_at',
    updated_at: 'upd_at',
  },
  reverse: {
    id: 'id',
    cd: 'code',
    nm: 'name',
    price_cents: '(price * 100)::bigint',
    qty: 'quantity',
    state: `case status when 'active' then 'A' else 'X' end`,
    weight: 'weight',
    note: 'note',
    created_at: 'created_at',
    upd_at: 'updated_at',
  },
};

export const rowsSql = (rows: number) => `insert into item
  select g, 'CD-' || g, 'Product number ' || g, g * 7 % 100000, g % 100, case g % 3 when 0 then 'X' else 'A' end, g / 7.0,
         'A note about product ' || g, now(), now() from generate_series(1, ${rows}) g`;

export interface Sides {
  source: Cluster;
  target: Cluster;
  stop(): Promise<void>;
}

export async function startSides(): Promise<Sides> {
  const settings = { track_commit_timestamp: 'on', max_wal_size: '8GB', checkpoint_timeout: '30min' };
  const [source, target] = await Promise.all([startCluster({ settings }), startCluster({ settings })]);
  return {
    source,
    target,
    async stop() {
      await Promise.all([source.stop(), target.stop()]);
    },
  };
}

/** Databases of one measurement; dropped together with the clusters. */
export interface Databases {
  name: string;
  sourceUrl: string;
  targetUrl: string;
  source: pg.Pool;
  target: pg.Pool;
}

export async function createDatabases(
  sides: Sides,
  name: string,
  rows: number,
  mapped: boolean,
): Promise<Databases> {
  const sourceUrl = await sides.source.createDatabase(name);
  const targetUrl = await sides.target.createDatabase(name);
  const source = createPool({ url: sourceUrl, name: 'bench', max: 4 });
  const target = createPool({ url: targetUrl, name: 'bench', max: 4 });
  await source.query(sourceTable);
  await target.query(mapped ? targetTable : sourceTable);
  if (rows > 0) await source.query(rowsSql(rows));
  await source.query('vacuum analyze item');
  return { name, sourceUrl, targetUrl, source, target };
}

/** The plan of a group `bench` between two databases, guard installed, control database ready. */
export async function createPlan(
  sides: Sides,
  databases: Databases,
  debezium?: DebeziumConfig,
): Promise<{ plan: Plan; control: pg.Pool }> {
  const controlUrl = await sides.target.createDatabase(`${databases.name}_control`);
  const plan = compilePlan({
    control: { url: controlUrl },
    secret: 'a secret of thirty-two characters or more',
    ...(debezium ? { transport: 'debezium' as const, debezium } : {}),
    monolith: { url: 'http://127.0.0.1:1', database: databases.sourceUrl },
    services: { shop: { url: 'http://127.0.0.1:1', database: databases.targetUrl } },
    groups: { [databases.name]: { service: 'shop', routes: ['GET /p'], tables: [table] } },
  });
  await migrateControl(plan);
  const group = plan.groups.get(databases.name);
  if (group === undefined) throw new Error('no group');
  await installGuard(databases.source, group, 'legacy', 'legacy', 1n);
  await installGuard(databases.target, group, 'service', 'legacy', 1n);
  return { plan, control: createPool({ url: controlUrl, name: 'bench', max: 2 }) };
}

/** Updates in transactions of 500, keys drawn evenly or, as shops see them, by Zipf's law (log-uniform). */
export async function writeUpdates(
  source: pg.Pool,
  rows: number,
  count: number,
  keys: 'uniform' | 'zipf',
): Promise<void> {
  const key = keys === 'uniform' ? `1 + floor(random() * ${rows})` : `1 + floor(power(${rows}, random()))`;
  await source.query(`do $$
    begin
      for i in 1..${count} loop
        update item set price_cents = price_cents + 1, qty = qty + 1, upd_at = clock_timestamp()
         where id = least(${rows}, (select (${key})::bigint));
        if i % 500 = 0 then commit; end if;
      end loop;
    end $$`);
}
