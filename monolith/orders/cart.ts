import type { DataSource } from 'typeorm';
import type { Product } from '../catalogue/read-products.ts';
import { rows, type Sql } from '../db/sql.ts';
import { unit } from '../db/unit.ts';
import type { Passage } from '../http/passage.ts';
import { ShopError } from '../http/problem.ts';
import { amountOf, centsOf } from '../money.ts';
import type { CataloguePort } from '../ports/catalogue-port.ts';
import type { InUnit } from '../ports/choose.ts';
import type { CartOwner } from './cart-owner.ts';
import { mostOfOne, mostProducts } from './order-rules.ts';

export interface CartLine {
  productId: number;
  quantity: number;
}

/** Customers' carts and guests' carts are alike but for who has them. */
const placeOf = (owner: CartOwner) =>
  'userId' in owner
    ? { table: 'cart_itm', column: 'usr_id', id: owner.userId }
    : { table: 'gst_cart_itm', column: 'cart_id', id: owner.cartId };

/** In product-id order. */
export function cartOf(sql: Sql, owner: CartOwner): Promise<CartLine[]> {
  const { table, column, id } = placeOf(owner);
  return rows<CartLine>(
    sql,
    `select prod_id as "productId", qty as quantity from ${table} where ${column} = $1 order by prod_id`,
    [id],
  );
}

/** Takes what a guest had put together into the customer's cart; again, there is nothing left to take. */
export async function mergeGuest(sql: Sql, userId: number, cartId: string): Promise<void> {
  await lockCart(sql, { userId });
  await sql.query(
    `with gone as (delete from gst_cart_itm where cart_id = $2 returning prod_id, qty)
     insert into cart_itm (usr_id, prod_id, qty) select $1, prod_id, qty from gone
     on conflict (usr_id, prod_id) do update
       set qty = least(cart_itm.qty + excluded.qty, ${mostOfOne}), upd_dt = now()`,
    [userId, cartId],
  );
}

/** Two that change one cart go one after the other; what is left is one of them, not a mixture. */
async function lockCart(sql: Sql, owner: CartOwner): Promise<void> {
  const { table, id } = placeOf(owner);
  await sql.query(`select pg_advisory_xact_lock(hashtext($1), hashtext($2))`, [table, String(id)]);
}

export function createCart(db: DataSource, inCatalogue: InUnit<CataloguePort>) {
  const productsOf = (passage: Passage, lines: readonly CartLine[]): Promise<Product[]> =>
    lines.length === 0
      ? Promise.resolve([])
      : inCatalogue(passage, (catalogue) => catalogue.products(lines.map(({ productId }) => productId)));

  /** A customer sees what the next change brings together: the own cart, and the one of the time as a guest. */
  async function show(passage: Passage, owner: CartOwner | undefined, guest?: string) {
    const lines = owner === undefined ? [] : await cartOf(db.manager, owner);
    if (guest !== undefined) addLines(lines, await cartOf(db.manager, { cartId: guest }));
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

  function change(owner: CartOwner, guest: string | undefined, work: (tx: Sql) => Promise<void>) {
    return unit(db, async (tx) => {
      if ('userId' in owner && guest !== undefined) await mergeGuest(tx, owner.userId, guest);
      else await lockCart(tx, owner);
      await work(tx);
    });
  }

  async function replace(passage: Passage, owner: CartOwner, lines: readonly CartLine[], guest?: string) {
    const ids = lines.map(({ productId }) => productId);
    if (new Set(ids).size < ids.length) throw new ShopError('bad-request', 'A product is named twice.');
    await assertSold(passage, lines);
    const { table, column, id } = placeOf(owner);
    await change(owner, guest, async (tx) => {
      await tx.query(`delete from ${table} where ${column} = $1`, [id]);
      await tx.query(
        `insert into ${table} (${column}, prod_id, qty) select $1, * from unnest($2::int[], $3::int[])`,
        [id, ids, lines.map(({ quantity }) => quantity)],
      );
    });
    return show(passage, owner);
  }

  async function put(passage: Passage, owner: CartOwner, line: CartLine, guest?: string) {
    await assertSold(passage, [line]);
    const { table, column, id } = placeOf(owner);
    await change(owner, guest, async (tx) => {
      await tx.query(
        `insert into ${table} (${column}, prod_id, qty) values ($1, $2, $3)
         on conflict (${column}, prod_id) do update set qty = excluded.qty, upd_dt = now()`,
        [id, line.productId, line.quantity],
      );
      const lines = await cartOf(tx, owner);
      if (lines.length > mostProducts)
        throw new ShopError('bad-request', `A cart holds ${mostProducts} products at most.`);
    });
    return show(passage, owner);
  }

  async function remove(passage: Passage, owner: CartOwner, productId: number, guest?: string) {
    const { table, column, id } = placeOf(owner);
    await change(owner, guest, async (tx) => {
      await tx.query(`delete from ${table} where ${column} = $1 and prod_id = $2`, [id, productId]);
    });
    return show(passage, owner);
  }

  return { show, replace, put, remove };
}

export type Cart = ReturnType<typeof createCart>;

function addLines(lines: CartLine[], more: readonly CartLine[]): void {
  for (const { productId, quantity } of more) {
    const same = lines.find((line) => line.productId === productId);
    if (same === undefined) lines.push({ productId, quantity });
    else same.quantity = Math.min(same.quantity + quantity, mostOfOne);
  }
  lines.sort((a, b) => a.productId - b.productId);
}
