import type { DataSource } from 'typeorm';
import type { Passage } from '../http/passage.ts';
import { isProblemCode, problemOf, ShopError, type ProblemCode } from '../http/problem.ts';
import type { CataloguePort } from '../ports/catalogue-port.ts';
import type { InUnit } from '../ports/choose.ts';
import type { PaymentGateway } from './gateway.ts';
import { isUnfinished, namedUuid } from './order-rules.ts';
import {
  loadWork,
  move,
  noteAnswer,
  noteEvent,
  notePayment,
  restoreCart,
  type OrderWork,
} from './order-store.ts';
import { presentOrder } from './read-orders.ts';

const holdSeconds = 900;

/** Refusals that end a step for good; anything else is trouble that passes, and the step is tried again later. */
const refusedWith = (error: unknown, ...codes: ProblemCode[]): error is ShopError =>
  error instanceof ShopError && codes.includes(error.code);

/**
 * Takes an order to the end of what was begun: reserve, charge, commit, confirm; on a refusal refund, release and fail;
 * likewise cancellations and refunds. Each step calls a port or the gateway outside any transaction, idempotently by a
 * name that derives from the order, and then stores the move by compare-and-set. So a step that is cut off is made
 * again by whoever comes next, and two that work on one order at once do nothing twice.
 */
export function createAdvance(db: DataSource, inCatalogue: InUnit<CataloguePort>, gateway: PaymentGateway) {
  const fail = (order: OrderWork, code: ProblemCode) =>
    move(db, order.id, order.code, 'Z', async (tx) => {
      await tx.query('update ord set fail_cd = $2 where ord_id = $1', [order.id, code]);
    });

  async function reserve(passage: Passage, order: OrderWork): Promise<void> {
    const id = order.reservationId ?? '';
    const wanted = { id, lines: order.lines, ttlSeconds: holdSeconds, holder: String(order.userId) };
    try {
      const state = await inCatalogue(passage, (catalogue) => catalogue.reserve(wanted));
      if (state === 'released' || state === 'expired') {
        await fail(order, 'out-of-stock');
        return;
      }
    } catch (error) {
      if (!refusedWith(error, 'out-of-stock', 'unknown-product')) throw error;
      await fail(order, error.code);
      return;
    }
    if (await move(db, order.id, 'N', 'R')) return;
    // Another process has failed the order meanwhile, and released before this call held.
    const { code } = await loadWork(db.manager, order.id);
    if (code === 'Z' || code === 'F') await release(passage, order);
  }

  async function charge(order: OrderWork): Promise<void> {
    const outcome = await gateway.charge({
      key: `order-${order.id}`,
      amountCents: order.totalCents,
      currency: order.currency,
      cardToken: order.cardToken ?? '',
    });
    if (!outcome.approved) await fail(order, 'payment-declined');
    else await move(db, order.id, 'R', 'P', (tx) => notePayment(tx, order, 'C', outcome.reference));
  }

  async function commit(passage: Passage, order: OrderWork): Promise<void> {
    try {
      await inCatalogue(passage, (catalogue) => catalogue.commit(order.reservationId ?? ''));
    } catch (error) {
      // It waited longer than the goods were held.
      if (!refusedWith(error, 'illegal-move', 'not-found')) throw error;
      await fail(order, 'out-of-stock');
      return;
    }
    await move(db, order.id, 'P', 'C', async (tx) => {
      await noteEvent(tx, order.id, 'confirmed', '');
      await noteAnswer(tx, order.id, 201, await presentOrder(tx, order.id));
    });
  }

  async function release(passage: Passage, order: OrderWork): Promise<void> {
    try {
      await inCatalogue(passage, (catalogue) => catalogue.release(order.reservationId ?? ''));
    } catch (error) {
      if (!refusedWith(error, 'illegal-move', 'not-found')) throw error;
    }
  }

  async function refund(order: OrderWork): Promise<string | undefined> {
    if (!order.charged) return undefined;
    const { id, totalCents: amountCents, currency } = order;
    return (await gateway.refund({ key: `order-${id}`, amountCents, currency })).reference;
  }

  async function giveUp(passage: Passage, order: OrderWork): Promise<void> {
    const reference = await refund(order);
    await release(passage, order);
    const code = isProblemCode(order.failure) ? order.failure : 'out-of-stock';
    await move(db, order.id, 'Z', 'F', async (tx) => {
      if (reference !== undefined) await notePayment(tx, order, 'R', reference);
      await restoreCart(tx, order);
      await noteAnswer(tx, order.id, problemOf(code, '').status, problemOf(code, failureDetail(code)));
    });
  }

  async function cancel(passage: Passage, order: OrderWork): Promise<void> {
    const reference = await refund(order);
    for (const { productId, quantity } of order.lines) {
      const adjustmentId = namedUuid(`restock/${order.id}/${order.userId}/${productId}`);
      const adjustment = { adjustmentId, productId, delta: quantity, reason: `order ${order.id} cancelled` };
      try {
        await inCatalogue(passage, (catalogue) => catalogue.adjust(adjustment));
      } catch (error) {
        // A product that is gone has no stock to go back to.
        if (!refusedWith(error, 'not-found')) throw error;
      }
    }
    await move(db, order.id, 'K', 'X', async (tx) => {
      if (reference !== undefined) await notePayment(tx, order, 'R', reference);
    });
  }

  async function giveMoneyBack(order: OrderWork): Promise<void> {
    const reference = await refund(order);
    await move(db, order.id, 'Q', 'B', async (tx) => {
      if (reference !== undefined) await notePayment(tx, order, 'R', reference);
    });
  }

  return async function advance(passage: Passage, id: number): Promise<OrderWork> {
    for (;;) {
      const order = await loadWork(db.manager, id);
      if (!isUnfinished(order.code)) return order;
      if (order.code === 'N') await reserve(passage, order);
      else if (order.code === 'R') await charge(order);
      else if (order.code === 'P') await commit(passage, order);
      else if (order.code === 'Z') await giveUp(passage, order);
      else if (order.code === 'K') await cancel(passage, order);
      else await giveMoneyBack(order);
    }
  };
}

export type Advance = ReturnType<typeof createAdvance>;

const failureDetail = (code: ProblemCode): string =>
  code === 'payment-declined'
    ? 'The card was declined; nothing was charged, and the cart is as it was.'
    : code === 'unknown-product'
      ? 'A product is not sold any more; nothing was charged, and the cart is as it was.'
      : 'Not enough is in stock; nothing was charged, and the cart is as it was.';
