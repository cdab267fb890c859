import type { EntityManager } from 'typeorm';
import { errorCodeOf } from '#kernel/errors.ts';
import { productEvent, type DomainEvent } from '../rules/event.ts';
import { Refusal } from '../rules/refusal.ts';
import { Price, Product, StockLevel } from './entities.ts';
import { publish } from './outbox.ts';
import {
  productColumns,
  productTables,
  viewOf,
  type ProductRecord,
  type ProductView,
} from './product-view.ts';
import { rows, type Sql } from './sql.ts';

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

export async function createProduct(manager: EntityManager, product: NewProduct): Promise<ProductView> {
  const { sku, name, description = '', categoryId, price, onHand = 0 } = product;
  try {
    const inserted = await manager.insert(Product, { sku, name, description, categoryId, status: 'active' });
    const productId = Number(inserted.identifiers[0]?.['id']);
    await manager.insert(Price, { productId, amount: price.amount, currency: 'EUR' });
    await manager.insert(StockLevel, { productId, onHand, reserved: 0 });
    const created = await requireProduct(manager, productId);
    await publish(manager, [
      productEvent('product.created', productId, { sku, name, categoryId, price: created.price, onHand }),
    ]);
    return created;
  } catch (error) {
    throw refusalOf(error);
  }
}

export async function changeProduct(
  manager: EntityManager,
  id: number,
  change: ProductChange,
): Promise<ProductView> {
  await lockProduct(manager, id);
  const before = await requireProduct(manager, id);
  const { price, ...columns } = change;
  try {
    await manager.update(Product, { id }, { ...columns, updatedAt: () => 'now()' });
    if (price) await manager.update(Price, { productId: id }, { amount: price.amount });
  } catch (error) {
    throw refusalOf(error);
  }
  const after = await requireProduct(manager, id);
  await publish(manager, changeEvents(before, after));
  return after;
}

/** Archiving again changes nothing, not even the time of the last change. */
export async function archiveProduct(manager: EntityManager, id: number): Promise<void> {
  await lockProduct(manager, id);
  const { status } = await requireProduct(manager, id);
  if (status !== 'archived') await changeProduct(manager, id, { status: 'archived' });
}

/** One product's changes take turns, so that an event's before and after are true. */
async function lockProduct(sql: Sql, id: number): Promise<void> {
  const locked = await rows(sql, 'select 1 from products where id = $1 for no key update', [id]);
  if (locked.length === 0) throw noProduct(id);
}

async function requireProduct(sql: Sql, id: number): Promise<ProductView> {
  const product = await findProduct(sql, id);
  if (product === undefined) throw noProduct(id);
  return product;
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
  const constraint =
    typeof error === 'object' && error !== null && 'constraint' in error ? error.constraint : undefined;
  const code = errorCodeOf(error);
  if (code === '23505' && constraint === 'products_sku_key') {
    return new Refusal('sku-taken', 'Another product has this sku.', {}, error);
  }
  if (code === '23503' && constraint === 'products_category_id_fkey') {
    return new Refusal('unknown-category', 'There is no such category.', {}, error);
  }
  return error;
}
