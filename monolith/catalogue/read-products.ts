import { row, rows, type Sql } from '../db/sql.ts';
import { amountOf, centsOf } from '../money.ts';
import { readCursor, writeCursor, type Sort } from './cursor.ts';

export interface Product {
  id: number;
  sku: string;
  name: string;
  description: string;
  categoryId: number;
  price: { amount: string; currency: string };
  status: 'active' | 'archived';
  available: number;
  createdAt: string;
  updatedAt: string;
}

export interface ProductRecord {
  prod_id: number;
  prod_cd: string;
  prod_nm: string;
  prod_dsc: string;
  cat_id: number;
  price_cents: number;
  curr_cd: string;
  stat_cd: string;
  available: number;
  crt_dt: Date;
  upd_dt: Date;
}

export const productColumns = `p.prod_id, p.prod_cd, p.prod_nm, p.prod_dsc, p.cat_id, p.price_cents, p.curr_cd,
  p.stat_cd, coalesce(s.qty_hand - s.qty_rsv, 0) as available, p.crt_dt, p.upd_dt`;
const fromProducts = 'from prod p left join prod_stk s on s.prod_id = p.prod_id';

export function productOf(record: ProductRecord): Product {
  return {
    id: record.prod_id,
    sku: record.prod_cd,
    name: record.prod_nm,
    description: record.prod_dsc,
    categoryId: record.cat_id,
    price: { amount: amountOf(record.price_cents), currency: record.curr_cd },
    status: record.stat_cd === 'A' ? 'active' : 'archived',
    available: record.available,
    createdAt: record.crt_dt.toISOString(),
    updatedAt: record.upd_dt.toISOString(),
  };
}

export async function findProduct(sql: Sql, id: number): Promise<Product | undefined> {
  const found = await row<ProductRecord>(
    sql,
    `select ${productColumns} ${fromProducts} where p.prod_id = $1`,
    [id],
  );
  return found && productOf(found);
}

/** In product-id order; those that do not exist are left out. */
export async function findProducts(sql: Sql, ids: readonly number[]): Promise<Product[]> {
  const found = await rows<ProductRecord>(
    sql,
    `select ${productColumns} ${fromProducts} where p.prod_id = any($1::int[]) order by p.prod_id`,
    [ids],
  );
  return found.map(productOf);
}

export interface ProductFilter {
  categoryId?: number;
  minPrice?: string;
  maxPrice?: string;
  inStock?: boolean;
  sort: Sort;
  limit: number;
  cursor?: string;
}

const orders: Record<Sort, { by: string; column?: string; past: '<' | '>' }> = {
  id: { by: 'p.prod_id', past: '>' },
  '-id': { by: 'p.prod_id desc', past: '<' },
  price: { by: 'p.price_cents, p.prod_id', column: 'p.price_cents', past: '>' },
  '-price': { by: 'p.price_cents desc, p.prod_id desc', column: 'p.price_cents', past: '<' },
  // By code point, so that two databases with other collations agree.
  name: { by: 'p.prod_nm collate "C", p.prod_id', column: 'p.prod_nm collate "C"', past: '>' },
};

export async function listProducts(
  sql: Sql,
  filter: ProductFilter,
): Promise<{ items: Product[]; nextCursor: string | null }> {
  const { sort, limit } = filter;
  const order = orders[sort];
  const parameters: unknown[] = [];
  const value = (parameter: unknown) => `$${parameters.push(parameter)}`;
  const where = [`p.stat_cd = 'A'`];
  if (filter.categoryId !== undefined) where.push(`p.cat_id = ${value(filter.categoryId)}`);
  if (filter.minPrice !== undefined) where.push(`p.price_cents >= ${value(centsOf(filter.minPrice))}`);
  if (filter.maxPrice !== undefined) where.push(`p.price_cents <= ${value(centsOf(filter.maxPrice))}`);
  if (filter.inStock !== undefined) {
    where.push(`coalesce(s.qty_hand - s.qty_rsv, 0) ${filter.inStock ? '> 0' : '= 0'}`);
  }
  if (filter.cursor !== undefined) {
    const place = readCursor(filter.cursor, sort);
    if (order.column === undefined || place.value === undefined) {
      where.push(`p.prod_id ${order.past} ${value(place.id)}`);
    } else {
      const last = value(sort === 'name' ? place.value : centsOf(place.value));
      where.push(`(${order.column}, p.prod_id) ${order.past} (${last}, ${value(place.id)})`);
    }
  }
  const found = await rows<ProductRecord>(
    sql,
    `select ${productColumns} ${fromProducts} where ${where.join(' and ')} order by ${order.by} limit ${value(limit + 1)}`,
    parameters,
  );
  const items = found.slice(0, limit).map(productOf);
  const last = items.at(-1);
  if (found.length <= limit || last === undefined) return { items, nextCursor: null };
  const place =
    sort === 'name'
      ? { id: last.id, value: last.name }
      : order.column === undefined
        ? { id: last.id }
        : { id: last.id, value: last.price.amount };
  return { items, nextCursor: writeCursor(sort, place) };
}
