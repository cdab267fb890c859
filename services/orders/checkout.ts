import { createHash } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { namedUuid } from '#kernel/named-uuid.ts';
import { rows, type Sql } from '#kernel/db/statements.ts';
import type { Write } from '#kernel/db/unit-of-work.ts';
import type { Passage } from '#kernel/http/passage.ts';
import type { Line, Neighbours } from './neighbours.ts';
import { centsOf } from './rules/money.ts';
import { totalCents } from './rules/order.ts';
import { refuse } from './rules/refusal.ts';
import { cartOf, lockCart, mergeGuest, takeCart } from './store/carts.ts';
import { noteState } from './store/order-work.ts';

export interface CheckoutBody {
  payment: { cardToken: string };
  shipping: { name: string; address: string };
}

export interface CheckoutRequest {
  userId: number;
  idempotencyKey: string;
  /** The cart of the customer's time as a guest, to be ordered as well. */
  guest: string | undefined;
  body: CheckoutBody;
}

interface PricedLine extends Line {
  name: string;
  priceCents: number;
}

const tries = 5;

/** Made as the monolith makes it: a request that is repeated after a move is the same one. */
const fingerprint = ({ payment, shipping }: CheckoutBody): string =>
  createHash('sha256')
    .update(JSON.stringify([payment.cardToken, shipping.name, shipping.address]))
    .digest('hex');

/**
 * Finds the order of an idempotency key, or writes it: key, lines and today's prices in one transaction, which also
 * takes the lines out of the cart. Nothing is reserved or charged yet. Gives the order's id.
 */
export function createOpenOrder(source: DataSource, write: Write, neighbours: Neighbours) {
  async function ofKey({ userId, idempotencyKey, body }: CheckoutRequest): Promise<number | undefined> {
    const [found] = await rows<{ id: number; hash: string }>(
      source.manager,
      'select order_id as id, request_hash as hash from checkouts where user_id = $1 and idempotency_key = $2',
      [userId, idempotencyKey],
    );
    if (found !== undefined && found.hash !== fingerprint(body)) {
      throw refuse('idempotency-key-reused', 'This key came with another body before. Use a new key.');
    }
    return found?.id;
  }

  async function priced(passage: Passage, cart: readonly Line[]): Promise<PricedLine[]> {
    const products = await neighbours.products(
      passage,
      cart.map(({ productId }) => productId),
    );
    const byId = new Map(products.map((product) => [product.id, product]));
    return cart.map((line) => {
      const product = byId.get(line.productId);
      if (product?.status !== 'active') {
        throw refuse(
          'unknown-product',
          `Product ${line.productId} is not sold any more; take it out of the cart.`,
        );
      }
      return { ...line, name: product.name, priceCents: centsOf(product.price.amount) };
    });
  }

  return async function openOrder(passage: Passage, request: CheckoutRequest): Promise<number> {
    const { userId, guest } = request;
    for (let attempt = 1; attempt <= tries; attempt += 1) {
      const before = await ofKey(request);
      if (before !== undefined) return before;
      if (guest !== undefined) await write((sql) => mergeGuest(sql, userId, guest));
      const cart = await cartOf(source.manager, { userId });
      if (cart.length === 0) {
        // The same request, sent twice at once, may just have emptied it.
        const twin = await ofKey(request);
        if (twin !== undefined) return twin;
        throw refuse('cart-empty', 'There is nothing in the cart to order.');
      }
      const lines = await priced(passage, cart);
      const written = await write((sql) => writeOrder(sql, request, lines));
      if (written !== undefined) return written;
    }
    throw refuse('unavailable', 'The cart keeps changing. Send the same request again.');
  };
}

/** Undefined when the cart, or the key, has changed since it was looked at: then nothing was written. */
async function writeOrder(
  sql: Sql,
  { userId, idempotencyKey, body }: CheckoutRequest,
  lines: readonly PricedLine[],
): Promise<number | undefined> {
  await lockCart(sql, { userId });
  if (!sameCart(await cartOf(sql, { userId }), lines)) return undefined;
  const known = await rows(sql, 'select from checkouts where user_id = $1 and idempotency_key = $2', [
    userId,
    idempotencyKey,
  ]);
  if (known.length > 0) return undefined;
  const total = totalCents(lines);
  const [order] = await rows<{ id: number }>(
    sql,
    'insert into orders (user_id, total) values ($1, $2::bigint * 0.01) returning id',
    [userId, total],
  );
  const id = order?.id ?? 0;
  await rows(sql, 'update orders set reservation_id = $2 where id = $1', [
    id,
    namedUuid(`reservation/${id}/${userId}/${idempotencyKey}`),
  ]);
  await rows(sql, 'insert into deliveries (order_id, recipient, address) values ($1, $2, $3)', [
    id,
    body.shipping.name,
    body.shipping.address,
  ]);
  await rows(
    sql,
    `insert into checkouts (order_id, user_id, idempotency_key, request_hash, card_token)
     values ($1, $2, $3, $4, $5)`,
    [id, userId, idempotencyKey, fingerprint(body), body.payment.cardToken],
  );
  await rows(
    sql,
    `insert into order_lines (order_id, line_number, product_id, name, quantity, unit_price)
     select $1, number, product_id, name, quantity, cents * 0.01
     from unnest($2::int[], $3::text[], $4::int[], $5::int[]) with ordinality
       as line (product_id, name, quantity, cents, number)`,
    [
      id,
      lines.map(({ productId }) => productId),
      lines.map(({ name }) => name),
      lines.map(({ quantity }) => quantity),
      lines.map(({ priceCents }) => priceCents),
    ],
  );
  await takeCart(sql, { userId });
  await noteState(sql, { id, userId, state: 'placed', version: 1 }, '', {
    totalCents: total,
    lines: lines.map(({ productId, quantity, priceCents }) => ({ productId, quantity, priceCents })),
  });
  return id;
}

function sameCart(cart: readonly Line[], lines: readonly PricedLine[]): boolean {
  const quantities = new Map(cart.map(({ productId, quantity }) => [productId, quantity]));
  return (
    cart.length === lines.length &&
    lines.every(({ productId, quantity }) => quantities.get(productId) === quantity)
  );
}
