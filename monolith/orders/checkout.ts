import { createHash } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { row, rows } from '../db/sql.ts';
import { unit } from '../db/unit.ts';
import type { Passage } from '../http/passage.ts';
import { ShopError } from '../http/problem.ts';
import { centsOf } from '../money.ts';
import type { CataloguePort } from '../ports/catalogue-port.ts';
import type { InUnit } from '../ports/choose.ts';
import { cartOf, mergeGuest, type CartLine } from './cart.ts';
import { namedUuid, totalCents } from './order-rules.ts';
import { noteState } from './order-store.ts';

export interface CheckoutBody {
  payment: { cardToken: string };
  shipping: { name: string; address: string };
}

export interface CheckoutRequest {
  userId: number;
  idempotencyKey: string;
  /** The cart of the customer's time as a guest, to be ordered as well. */
  guest?: string | undefined;
  body: CheckoutBody;
}

interface PricedLine extends CartLine {
  name: string;
  priceCents: number;
}

const tries = 5;

const fingerprint = ({ payment, shipping }: CheckoutBody): string =>
  createHash('sha256')
    .update(JSON.stringify([payment.cardToken, shipping.name, shipping.address]))
    .digest('hex');

/**
 * Finds the order of an idempotency key, or writes it: key, lines and today's prices in one transaction, which also
 * takes the lines out of the cart. Nothing is reserved or charged yet. Gives the order's id.
 */
export function createOpenOrder(db: DataSource, inCatalogue: InUnit<CataloguePort>) {
  async function ofKey({ userId, idempotencyKey, body }: CheckoutRequest): Promise<number | undefined> {
    const found = await row<{ ord_id: number; req_hsh: string }>(
      db.manager,
      'select ord_id, req_hsh from ord where usr_id = $1 and idem_key = $2',
      [userId, idempotencyKey],
    );
    if (found !== undefined && found.req_hsh !== fingerprint(body)) {
      throw new ShopError('idempotency-key-reused', 'This key came with another body before. Use a new key.');
    }
    return found?.ord_id;
  }

  async function priced(passage: Passage, cart: readonly CartLine[]): Promise<PricedLine[]> {
    const ids = cart.map(({ productId }) => productId);
    const products = await inCatalogue(passage, (catalogue) => catalogue.products(ids));
    const byId = new Map(products.map((product) => [product.id, product]));
    return cart.map((line) => {
      const product = byId.get(line.productId);
      if (product?.status !== 'active') {
        throw new ShopError(
          'unknown-product',
          `Product ${line.productId} is not sold any more; take it out of the cart.`,
        );
      }
      return { ...line, name: product.name, priceCents: centsOf(product.price.amount) };
    });
  }

  /** Undefined when the key or the cart changed meanwhile. */
  function write(request: CheckoutRequest, lines: readonly PricedLine[]): Promise<number | undefined> {
    const { userId, idempotencyKey, body } = request;
    return unit(db, async (tx) => {
      const inserted = await row<{ ord_id: number }>(
        tx,
        `insert into ord (usr_id, tot_cents, ship_nm, ship_addr, pay_tok, idem_key, req_hsh)
         values ($1, $2, $3, $4, $5, $6, $7) on conflict (usr_id, idem_key) do nothing returning ord_id`,
        [
          userId,
          totalCents(lines),
          body.shipping.name,
          body.shipping.address,
          body.payment.cardToken,
          idempotencyKey,
          fingerprint(body),
        ],
      );
      if (inserted === undefined) return undefined;
      const taken = await rows<CartLine>(
        tx,
        'delete from cart_itm where usr_id = $1 returning prod_id as "productId", qty as quantity',
        [userId],
      );
      if (!sameCart(taken, lines)) throw new CartChanged();
      const id = inserted.ord_id;
      await tx.query(
        `insert into ord_ln (ord_id, ln_no, prod_id, prod_nm, qty, price_cents)
         select $1, row_number() over (), * from unnest($2::int[], $3::text[], $4::int[], $5::int[])`,
        [
          id,
          lines.map(({ productId }) => productId),
          lines.map(({ name }) => name),
          lines.map(({ quantity }) => quantity),
          lines.map(({ priceCents }) => priceCents),
        ],
      );
      await tx.query('update ord set rsv_id = $2 where ord_id = $1', [
        id,
        namedUuid(`reservation/${id}/${userId}/${idempotencyKey}`),
      ]);
      await noteState(tx, { id, userId, code: 'N', version: 1 }, '', {
        totalCents: totalCents(lines),
        lines: lines.map(({ productId, quantity, priceCents }) => ({ productId, quantity, priceCents })),
      });
      return id;
    }).catch((error: unknown) => {
      if (error instanceof CartChanged) return undefined;
      throw error;
    });
  }

  return async function openOrder(passage: Passage, request: CheckoutRequest): Promise<number> {
    for (let attempt = 1; attempt <= tries; attempt++) {
      const before = await ofKey(request);
      if (before !== undefined) return before;
      const { userId, guest } = request;
      if (guest !== undefined) await unit(db, (tx) => mergeGuest(tx, userId, guest));
      const cart = await cartOf(db.manager, { userId: request.userId });
      if (cart.length === 0) {
        // The same request, sent twice at once, may just have emptied it.
        const twin = await ofKey(request);
        if (twin !== undefined) return twin;
        throw new ShopError('cart-empty', 'There is nothing in the cart to order.');
      }
      const written = await write(request, await priced(passage, cart));
      if (written !== undefined) return written;
    }
    throw new ShopError('unavailable', 'The cart keeps changing. Send the same request again.', {
      headers: { 'retry-after': '1' },
    });
  };
}

class CartChanged extends Error {}

function sameCart(taken: readonly CartLine[], lines: readonly CartLine[]): boolean {
  const quantities = new Map(taken.map(({ productId, quantity }) => [productId, quantity]));
  return (
    taken.length === lines.length &&
    lines.every(({ productId, quantity }) => quantities.get(productId) === quantity)
  );
}
