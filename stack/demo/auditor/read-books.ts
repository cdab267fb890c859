import pg from 'pg';
import type { SideSql, Table } from './side-sql.ts';
import { tables } from './side-sql.ts';

/** The catalogue as one database has it, by key. Columns are in the order of side-sql. */
export type CatalogueBooks = Readonly<Record<Table, ReadonlyMap<string, readonly unknown[]>>>;

export interface OrderRecord {
  id: number;
  userId: number;
  key: string;
  code: string;
  totalCents: number;
  reservationId: string | null;
  lines: readonly { productId: number; quantity: number; priceCents: number }[];
  payments: readonly { kind: string; cents: number }[];
}

/** What never moves in this demo: orders and users, in the monolith's database. */
export interface ShopBooks {
  orders: OrderRecord[];
  names: Map<number, string>;
}

/** One moment of the database. */
export async function readCatalogue(url: string, sql: SideSql): Promise<CatalogueBooks> {
  return inSnapshot(url, async (db) => {
    const books: Partial<Record<Table, ReadonlyMap<string, readonly unknown[]>>> = {};
    for (const table of tables) {
      const { rows } = await db.query<{ key: string; row: string }>(sql[table]);
      books[table] = new Map(rows.map(({ key, row }) => [key, JSON.parse(row) as unknown[]]));
    }
    return books as CatalogueBooks;
  });
}

/** Orders above `afterId`: those before are the sample data's. */
export async function readShop(url: string, afterId: number): Promise<ShopBooks> {
  return inSnapshot(url, async (db) => {
    const { rows: orders } = await db.query<OrderRecord>(
      `select o.ord_id as id, o.usr_id as "userId", o.idem_key as key, o.stat_cd as code,
              o.tot_cents::float8 as "totalCents", o.rsv_id::text as "reservationId",
              coalesce((select json_agg(json_build_object('productId', prod_id, 'quantity', qty, 'priceCents', price_cents)
                 order by prod_id) from ord_ln l where l.ord_id = o.ord_id), '[]') as lines,
              coalesce((select json_agg(json_build_object('kind', kind_cd, 'cents', amt_cents) order by kind_cd)
                 from pay p where p.ord_id = o.ord_id), '[]') as payments
         from ord o where o.ord_id > $1 order by o.ord_id`,
      [afterId],
    );
    const { rows: users } = await db.query<{ id: number; name: string }>(
      'select usr_id as id, usr_nm as name from usr',
    );
    return { orders, names: new Map(users.map(({ id, name }) => [id, name])) };
  });
}

export async function newestOrder(url: string): Promise<number> {
  return inSnapshot(url, async (db) => {
    const { rows } = await db.query<{ id: number }>('select coalesce(max(ord_id), 0) as id from ord');
    return rows[0]?.id ?? 0;
  });
}

async function inSnapshot<T>(url: string, work: (db: pg.Client) => Promise<T>): Promise<T> {
  const db = new pg.Client({ connectionString: url, application_name: 'demo auditor' });
  await db.connect();
  try {
    await db.query('begin isolation level repeatable read read only');
    const result = await work(db);
    await db.query('commit');
    return result;
  } finally {
    await db.end();
  }
}
