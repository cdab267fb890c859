import type { DataSource } from 'typeorm';
import type { Product } from '../catalogue/read-products.ts';
import { rows, type Sql } from '../db/sql.ts';
import { unit } from '../db/unit.ts';
import type { Passage } from '../http/passage.ts';
import { ShopError } from '../http/problem.ts';
import { amountOf, centsOf } from '../money.ts';
import type { CataloguePort } from '../ports/catalogue-port.ts';
import type { InUnit } from '../ports/choose.ts';

export interface CartLine {
  productId: number;
  quantity: number;
}

/** In product-id order. */
export const cartOf = (sql: Sql, userId: number): Promise<CartLine[]> =>
  rows<CartLine>(
    sql,
    'select prod_id as "productId", qty as quantity from cart_itm where usr_id = $1 order by prod_id',
    [userId],
  );

export function createCart(db: DataSource, inCatalogue: InUnit<CataloguePort>) {
  const productsOf = (passage: Passage, lines: readonly CartLine[]): Promise<Product[]> =>
    lines.length === 0
      ? Promise.resolve([])
      : inCatalogue(passage, (catalogue) => catalogue.products(lines.map(({ productId }) => productId)));

  async function show(passage: Passage, userId: number) {
    const lines = await cartOf(db.manager, userId);
    const products = new Map((await productsOf(passage, lines)).map((product) => [product.id, product]));
    let totalCents = 0;
    // What the catalogue does not know any more is not shown; a checkout names it.
    const items = lines.flatMap(({ productId, quantity }) => {
      const product = products.get(productId);
      if (product === undefined) return [];
      totalCents += quantity * centsOf(product.price.amount);
      const available = product.status === 'active' ? product.available : 0;
      return [{ productId, quantity, name: product.name, price: product.price, available }];
    });
    return { items, total: { amount: amountOf(totalCents), currency: 'EUR' } };
  }

  async function assertSold(passage: Passage, lines: readonly CartLine[]): Promise<void> {
    const sold = new Set(
      (await productsOf(passage, lines)).filter(({ status }) => status === 'active').map(({ id }) => id),
    );
    const missing = lines.find(({ productId }) => !sold.has(productId));
    if (missing !== undefined) {
      throw new ShopError('unknown-product', `There is no active product ${missing.productId}.`);
    }
  }

  async function replace(passage: Passage, userId: number, lines: readonly CartLine[]) {
    const ids = lines.map(({ productId }) => productId);
    if (new Set(ids).size < ids.length) throw new ShopError('bad-request', 'A product is named twice.');
    await assertSold(passage, lines);
    await unit(db, async (tx) => {
      // Two that replace one cart go one after the other; what is left is one of them, not a mixture.
      await tx.query(`select pg_advisory_xact_lock(hashtext('cart'), $1)`, [userId]);
      await tx.query('delete from cart_itm where usr_id = $1', [userId]);
      await tx.query(
        'insert into cart_itm (usr_id, prod_id, qty) select $1, * from unnest($2::int[], $3::int[])',
        [userId, ids, lines.map(({ quantity }) => quantity)],
      );
    });
    return show(passage, userId);
  }

  async function put(passage: Passage, userId: number, line: CartLine) {
    await assertSold(passage, [line]);
    await unit(db, async (tx) => {
      await tx.query(`select pg_advisory_xact_lock(hashtext('cart'), $1)`, [userId]);
      await tx.query(
        `insert into cart_itm (usr_id, prod_id, qty) values ($1, $2, $3)
         on conflict (usr_id, prod_id) do update set qty = excluded.qty, upd_dt = now()`,
        [userId, line.productId, line.quantity],
      );
      const lines = await cartOf(tx, userId);
      if (lines.length > 50) throw new ShopError('bad-request', 'A cart holds 50 products at most.');
    });
    return show(passage, userId);
  }

  async function remove(passage: Passage, userId: number, productId: number) {
    await unit(db, (tx) =>
      tx.query('delete from cart_itm where usr_id = $1 and prod_id = $2', [userId, productId]),
    );
    return show(passage, userId);
  }

  return { show, replace, put, remove };
}

export type Cart = ReturnType<typeof createCart>;
