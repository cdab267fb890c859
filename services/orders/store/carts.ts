import { rows, type Sql } from '#kernel/db/statements.ts';
import type { Line } from '../neighbours.ts';
import { mostOfOne } from '../rules/order.ts';

/** Whose cart it is: a customer's, or a guest's, who is known by a signed cookie alone. */
export type CartOwner = { userId: number } | { cartId: string };

/** Customers' carts and guests' carts are alike but for who has them. */
const placeOf = (owner: CartOwner) =>
  'userId' in owner
    ? { table: 'cart_items', column: 'user_id', id: owner.userId }
    : { table: 'guest_cart_items', column: 'cart_id', id: owner.cartId };

/** In product-id order. */
export function cartOf(sql: Sql, owner: CartOwner): Promise<Line[]> {
  const { table, column, id } = placeOf(owner);
  return rows<Line>(
    sql,
    `select product_id as "productId", quantity from ${table} where ${column} = $1 order by product_id`,
    [id],
  );
}

/** Two that change one cart go one after the other; what is left is one of them, not a mixture. */
export async function lockCart(sql: Sql, owner: CartOwner): Promise<void> {
  const { table, id } = placeOf(owner);
  await rows(sql, 'select pg_advisory_xact_lock(hashtext($1), hashtext($2))', [table, String(id)]);
}

/** Takes what a guest had put together into the customer's cart; again, there is nothing left to take. */
export async function mergeGuest(sql: Sql, userId: number, cartId: string): Promise<void> {
  await lockCart(sql, { userId });
  await rows(
    sql,
    `with gone as (delete from guest_cart_items where cart_id = $2 returning product_id, quantity)
     insert into cart_items (user_id, product_id, quantity) select $1, product_id, quantity from gone
     on conflict (user_id, product_id) do update
       set quantity = least(cart_items.quantity + excluded.quantity, ${mostOfOne}), updated_at = now()`,
    [userId, cartId],
  );
}

/** Empties the cart; gives what was in it. */
export function takeCart(sql: Sql, owner: CartOwner): Promise<Line[]> {
  const { table, column, id } = placeOf(owner);
  return rows<Line>(
    sql,
    `delete from ${table} where ${column} = $1 returning product_id as "productId", quantity`,
    [id],
  );
}

/** Each line as it shall be from now on; others stay. */
export async function setLines(sql: Sql, owner: CartOwner, lines: readonly Line[]): Promise<void> {
  const { table, column, id } = placeOf(owner);
  await rows(
    sql,
    `insert into ${table} (${column}, product_id, quantity) select $1, * from unnest($2::int[], $3::int[])
     on conflict (${column}, product_id) do update set quantity = excluded.quantity, updated_at = now()`,
    [id, lines.map(({ productId }) => productId), lines.map(({ quantity }) => quantity)],
  );
}

export async function removeLine(sql: Sql, owner: CartOwner, productId: number): Promise<void> {
  const { table, column, id } = placeOf(owner);
  await rows(sql, `delete from ${table} where ${column} = $1 and product_id = $2`, [id, productId]);
}

/** Puts the lines of an order that failed back; what the cart has meanwhile counts. */
export async function restoreCart(sql: Sql, orderId: number, userId: number): Promise<void> {
  await lockCart(sql, { userId });
  await rows(
    sql,
    `insert into cart_items (user_id, product_id, quantity)
     select $2, product_id, quantity from order_lines where order_id = $1
     on conflict (user_id, product_id) do nothing`,
    [orderId, userId],
  );
}
