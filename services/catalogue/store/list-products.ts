import { decodeCursor, encodeCursor, type ProductSort } from '../rules/cursor.ts';
import {
  productColumns,
  productTables,
  viewOf,
  type ProductRecord,
  type ProductView,
} from './product-view.ts';
import { rows, type Sql } from '#kernel/db/statements.ts';

export interface ProductFilter {
  categoryId?: number;
  /** Decimal text, inclusive. */
  minPrice?: string;
  maxPrice?: string;
  inStock?: boolean;
  sort: ProductSort;
  limit: number;
  cursor?: string;
}

/** The sort column, the id that breaks ties (of the same table, so that one index serves both), and the column's type. */
const orders: Record<ProductSort, { value?: string; type?: string; id: string; descending: boolean }> = {
  id: { id: 'p.id', descending: false },
  '-id': { id: 'p.id', descending: true },
  price: { value: 'pr.amount', type: 'numeric', id: 'pr.product_id', descending: false },
  '-price': { value: 'pr.amount', type: 'numeric', id: 'pr.product_id', descending: true },
  // By code point, so that pages do not depend on either server's locale.
  name: { value: 'p.name collate "C"', type: 'text', id: 'p.id', descending: false },
};

export async function listProducts(
  sql: Sql,
  filter: ProductFilter,
): Promise<{ items: ProductView[]; nextCursor: string | null }> {
  const parameters: unknown[] = [];
  const bind = (value: unknown, type: string) => `$${parameters.push(value)}::${type}`;
  const where = [`p.status = 'active'`];
  if (filter.categoryId !== undefined) where.push(`p.category_id = ${bind(filter.categoryId, 'int')}`);
  if (filter.minPrice !== undefined) where.push(`pr.amount >= ${bind(filter.minPrice, 'numeric')}`);
  if (filter.maxPrice !== undefined) where.push(`pr.amount <= ${bind(filter.maxPrice, 'numeric')}`);
  if (filter.inStock !== undefined) {
    where.push(`coalesce(s.on_hand - s.reserved, 0) ${filter.inStock ? '>' : '<='} 0`);
  }
  const order = orders[filter.sort];
  const direction = order.descending ? 'desc' : 'asc';
  if (filter.cursor !== undefined) {
    const after = decodeCursor(filter.sort, filter.cursor);
    const comparison = order.descending ? '<' : '>';
    where.push(
      order.value === undefined
        ? `${order.id} ${comparison} ${bind(after.id, 'int')}`
        : `(${order.value}, ${order.id}) ${comparison} (${bind(after.value, order.type ?? 'text')}, ${bind(after.id, 'int')})`,
    );
  }
  const by = [...(order.value === undefined ? [] : [order.value]), order.id];
  const found = await rows<ProductRecord>(
    sql,
    `select ${productColumns} from ${productTables} where ${where.join(' and ')}
     order by ${by.map((column) => `${column} ${direction}`).join(', ')} limit ${bind(filter.limit + 1, 'int')}`,
    parameters,
  );
  const items = found.slice(0, filter.limit).map(viewOf);
  const last = items.at(-1);
  const more = found.length > filter.limit && last !== undefined;
  return { items, nextCursor: more ? encodeCursor(filter.sort, positionOf(filter.sort, last)) : null };
}

function positionOf(sort: ProductSort, product: ProductView) {
  if (sort === 'name') return { value: product.name, id: product.id };
  if (sort === 'price' || sort === '-price') return { value: product.price.amount, id: product.id };
  return { id: product.id };
}
