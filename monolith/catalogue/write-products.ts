import type { DataSource, EntityManager } from 'typeorm';
import { constraintOf, foreignKeyViolation, rows, sqlState, uniqueViolation } from '../db/sql.ts';
import { unit } from '../db/unit.ts';
import { notFound, ShopError } from '../http/problem.ts';
import { centsOf } from '../money.ts';
import { ProductEntity, StockEntity, type ProductRow } from './entities.ts';
import { findProduct, type Product } from './read-products.ts';

export interface NewProduct {
  sku: string;
  name: string;
  description?: string;
  categoryId: number;
  price: { amount: string };
  onHand?: number;
}

export interface ProductChange {
  name?: string;
  description?: string;
  categoryId?: number;
  price?: { amount: string };
  status?: 'active' | 'archived';
}

export async function createProduct(db: DataSource, product: NewProduct): Promise<Product> {
  return refusingClearly(() =>
    unit(db, async (tx) => {
      const inserted = await tx.getRepository(ProductEntity).insert({
        prod_cd: product.sku,
        prod_nm: product.name,
        prod_dsc: product.description ?? '',
        cat_id: product.categoryId,
        price_cents: centsOf(product.price.amount),
        curr_cd: 'EUR',
        stat_cd: 'A',
        upd_dt: () => 'now()',
      });
      const id = Number(inserted.identifiers[0]?.['prod_id']);
      await tx.getRepository(StockEntity).insert({ prod_id: id, qty_hand: product.onHand ?? 0, qty_rsv: 0 });
      return present(tx, id);
    }),
  );
}

export async function updateProduct(db: DataSource, id: number, change: ProductChange): Promise<Product> {
  const columns: Partial<Omit<ProductRow, 'upd_dt'>> = {};
  if (change.name !== undefined) columns.prod_nm = change.name;
  if (change.description !== undefined) columns.prod_dsc = change.description;
  if (change.categoryId !== undefined) columns.cat_id = change.categoryId;
  if (change.price !== undefined) columns.price_cents = centsOf(change.price.amount);
  if (change.status !== undefined) columns.stat_cd = change.status === 'active' ? 'A' : 'X';
  return refusingClearly(() =>
    unit(db, async (tx) => {
      const { affected } = await tx
        .getRepository(ProductEntity)
        .update({ prod_id: id }, { ...columns, upd_dt: () => 'now()' });
      if (affected === 0) throw notFound(`product ${id}`);
      return present(tx, id);
    }),
  );
}

export async function archiveProduct(db: DataSource, id: number): Promise<void> {
  await unit(db, async (tx) => {
    const archived = await rows(
      tx,
      `update prod set stat_cd = 'X', upd_dt = case stat_cd when 'X' then upd_dt else now() end
       where prod_id = $1 returning prod_id`,
      [id],
    );
    if (archived.length === 0) throw notFound(`product ${id}`);
  });
}

async function present(tx: EntityManager, id: number): Promise<Product> {
  const product = await findProduct(tx, id);
  if (product === undefined) throw notFound(`product ${id}`);
  return product;
}

/** The database decides what is taken and what exists; its refusals are told in the API's words. */
async function refusingClearly<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (sqlState(cause) === uniqueViolation && constraintOf(cause) === 'prod_cd_key') {
      throw new ShopError('sku-taken', 'Another product has this sku.', { cause });
    }
    if (sqlState(cause) === foreignKeyViolation && constraintOf(cause) === 'prod_cat_fk') {
      throw new ShopError('unknown-category', 'There is no such category.', { cause });
    }
    throw cause;
  }
}
