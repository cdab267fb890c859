import { errorCodeOf } from '#kernel/errors.ts';
import { productEvent, type DomainEvent } from '../rules/event.ts';
import { Refusal } from '../rules/refusal.ts';
import { decimal } from '../rules/money.ts';
import { publish, publishing, textOf } from '#kernel/db/outbox.ts';
import {
  ownColumns,
  productColumns,
  productTables,
  viewOf,
  type ProductRecord,
  type ProductView,
} from './product-view.ts';
import { constraintOf, rows, type Sql } from '#kernel/db/statements.ts';

export interface NewProduct {
  sku: string;
  name: string;
  description?: string;
  categoryId: number;
  price: { amount: string; currency?: 'EUR' };
  onHand?: number;
}

export interface ProductChange {
  name?: string;
  description?: string;
  categoryId?: number;
  status?: 'active' | 'archived';
  price?: { amount: string };
}

export async function findProduct(sql: Sql, id: number): Promise<ProductView | undefined> {
  const [row] = await rows<ProductRecord>(
    sql,
    `select ${productColumns} from ${productTables} where p.id = $1`,
    [id],
  );
  return row && viewOf(row);
}

export async function createProduct(sql: Sql, product: NewProduct): Promise<ProductView> {
  const { sku, name, description = '', categoryId, price, onHand = 0 } = product;
  try {
    const [row] = await rows<ProductRecord>(
      sql,
      `with p as (
         insert into products (sku, name, description, category_id, status)
         values ($1, $2, $3, $4, 'active') returning ${ownColumns}
       ), pr as (
         insert into prices (product_id, amount, currency) select id, $5, 'EUR' from p returning amount, currency
       ), s as (
         insert into stock_levels (product_id, on_hand, reserved) select id, $6, 0 from p returning on_hand, reserved
       )
       select ${productColumns} from p, pr, s`,
      [sku, name, description, categoryId, price.amount, onHand],
    );
    if (row === undefined) throw new Error('An insert gave no row.');
    const created = viewOf(row);
    await publish(sql, [
      productEvent('product.created', created.id, { sku, name, categoryId, price: created.price, onHand }),
    ]);
    return created;
  } catch (error) {
    throw refusalOf(error);
  }
}

export async function changeProduct(sql: Sql, id: number, change: ProductChange): Promise<ProductView> {
  return applyChange(sql, await lockProduct(sql, id), change);
}

/** Archiving again changes nothing, not even the time of the last change. */
export async function archiveProduct(sql: Sql, id: number): Promise<void> {
  const before = await lockProduct(sql, id);
  if (before.status !== 'archived') await applyChange(sql, before, { status: 'archived' });
}

/**
 * One product's changes take turns, so that an event's before and after are true. The price's row is locked too: a
 * statement that waited sees the newest version of the rows that it locks, and the older one of all others.
 */
async function lockProduct(sql: Sql, id: number): Promise<ProductView> {
  const [row] = await rows<ProductRecord>(
    sql,
    `select ${productColumns} from ${productTables} where p.id = $1 for no key update of p, pr`,
    [id],
  );
  if (row === undefined) throw noProduct(id);
  return viewOf(row);
}

const columnOf = {
  name: 'name',
  description: 'description',
  categoryId: 'category_id',
  status: 'status',
} as const;
const changeable = ['name', 'description', 'categoryId', 'status'] as const;

/** Only the columns that are named are set: the others' indexes and the search vector stay as they are. */
async function applyChange(sql: Sql, before: ProductView, change: ProductChange): Promise<ProductView> {
  const { price, ...given } = change;
  const after = {
    ...before,
    ...given,
    price: { ...before.price, ...(price && { amount: decimal(price.amount) }) },
  };
  const values: unknown[] = [before.id, textOf(changeEvents(before, after))];
  const sets = changeable
    .filter((field) => given[field] !== undefined)
    .map((field) => `${columnOf[field]} = $${values.push(given[field])}, `);
  try {
    const [row] = await rows<ProductRecord>(
      sql,
      `with p as (
         update products set ${sets.join('')}updated_at = now() where id = $1 returning ${ownColumns}
       ), pr as (
         ${price ? `update prices set amount = $${values.push(price.amount)}` : 'select amount, currency from prices'}
         where product_id = $1 ${price ? 'returning amount, currency' : ''}
       ), event as (${publishing('$2')})
       select ${productColumns} from pr, p left join stock_levels s on s.product_id = p.id`,
      values,
    );
    if (row === undefined) throw noProduct(before.id);
    return viewOf(row);
  } catch (error) {
    throw refusalOf(error);
  }
}

export function noProduct(id: number): Refusal {
  return new Refusal('not-found', `There is no product ${id}.`);
}

function changeEvents(before: ProductView, after: ProductView): DomainEvent[] {
  const events: DomainEvent[] = [];
  const changed = (['name', 'description', 'categoryId', 'status'] as const).filter(
    (field) => before[field] !== after[field],
  );
  if (changed.length > 0) {
    const fields = Object.fromEntries(changed.map((field) => [field, after[field]]));
    const archived = changed.includes('status') && after.status === 'archived';
    events.push(productEvent(archived ? 'product.archived' : 'product.changed', after.id, fields));
  }
  if (before.price.amount !== after.price.amount) {
    events.push(
      productEvent('product.price-changed', after.id, { before: before.price, after: after.price }),
    );
  }
  return events;
}

function refusalOf(error: unknown): unknown {
  const constraint = constraintOf(error);
  const code = errorCodeOf(error);
  if (code === '23505' && constraint === 'products_sku_key') {
    return new Refusal('sku-taken', 'Another product has this sku.', {}, error);
  }
  if (code === '23503' && constraint === 'products_category_id_fkey') {
    return new Refusal('unknown-category', 'There is no such category.', {}, error);
  }
  return error;
}
