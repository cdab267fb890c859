import type { DataSource, EntityManager } from 'typeorm';
import type { Passage } from '../http/passage.ts';
import { isProblemCode, problemOf, ShopError, type ProblemCode } from '../http/problem.ts';
import type { OwnerOf } from '../ownership/owner.ts';
import { notOwner } from '../ownership/refusal.ts';
import type { Ports } from '../ports/ports.ts';
import { chargeKey, type CancelOutcome, type PaymentGateway } from './gateway.ts';
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
 * Takes an order to the end of what was begun: verify the buyer, reserve, charge, commit, confirm; on a refusal give the money
 * back, release and fail; likewise cancellations and refunds. Each step calls a port or the gateway outside any transaction,
 * idempotently by a name that derives from the order, and then stores the move by compare-and-set. So a step that is cut off
 * is made again by whoever comes next, and two that work on one order at once do nothing twice.
 */
export function createAdvance(
  db: DataSource,
  { inUsers, inCatalogue }: Pick<Ports, 'inUsers' | 'inCatalogue'>,
  gateway: PaymentGateway,
  /** How long a payment may stay undecided: less than the goods are held. */
  paymentPatienceSeconds: number,
  ownerOf: OwnerOf,
) {
  const fail = (order: OrderWork, code: ProblemCode) =>
    move(
      db,
      order.id,
      order.code,
      'Z',
      async (tx) => {
        await tx.query('update ord set fail_cd = $2 where ord_id = $1', [order.id, code]);
      },
      code,
    );

  async function verify(passage: Passage, order: OrderWork): Promise<void> {
    try {
      const { status } = await inUsers(passage, (users) => users.user(order.userId));
      if (status === 'active') await move(db, order.id, 'N', 'V');
      else await fail(order, 'forbidden');
    } catch (error) {
      if (!refusedWith(error, 'not-found')) throw error;
      await fail(order, 'forbidden');
    }
  }

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
    if (await move(db, order.id, 'V', 'R')) return;
    // Another process has failed the order meanwhile, and released before this call held.
    const { code } = await loadWork(db.manager, order.id);
    if (code === 'Z' || code === 'F') await release(passage, order);
  }

  /** False while the provider has not decided: somebody comes back to it. */
  async function charge(order: OrderWork): Promise<boolean> {
    const { id, totalCents: amountCents, currency, cardToken } = order;
    const outOfPatience = order.ageSeconds > paymentPatienceSeconds;
    try {
      const outcome = await gateway.charge({
        key: chargeKey(id),
        amountCents,
        currency,
        cardToken: cardToken ?? '',
      });
      if (outcome.state === 'pending') {
        if (outOfPatience) await fail(order, 'payment-failed');
        return outOfPatience;
      }
      if (outcome.state !== 'approved') {
        await fail(order, outcome.state === 'declined' ? 'payment-declined' : 'payment-failed');
        return true;
      }
      const { reference } = outcome;
      await move(db, id, 'R', 'P', (tx) =>
        notePayment(tx, { orderId: id, kind: 'C', amountCents, reference }),
      );
    } catch (error) {
      if (!outOfPatience || !refusedWith(error, 'unavailable')) throw error;
      await fail(order, 'payment-failed');
    }
    return true;
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

  async function giveUp(passage: Passage, order: OrderWork): Promise<void> {
    const { id, totalCents: amountCents, chargeReference } = order;
    const nothing: CancelOutcome = { state: 'voided' };
    const outcome =
      order.triedToCharge && order.failure !== 'payment-declined'
        ? await gateway.cancel({ key: chargeKey(id), reference: chargeReference ?? undefined })
        : nothing;
    await release(passage, order);
    const code = isProblemCode(order.failure) ? order.failure : 'out-of-stock';
    await move(
      db,
      id,
      'Z',
      'F',
      async (tx) => {
        if (outcome.state === 'refunded') {
          // The charge may be one whose answer was lost: the books show it, and that it went back.
          const { reference, refundReference } = outcome;
          await notePayment(tx, { orderId: id, kind: 'C', amountCents, reference });
          await notePayment(tx, { orderId: id, kind: 'R', amountCents, reference: refundReference });
        }
        await restoreCart(tx, order);
        await noteAnswer(tx, id, problemOf(code, '').status, problemOf(code, failureDetail(code)));
      },
      code,
    );
  }

  async function cancel(passage: Passage, order: OrderWork): Promise<void> {
    const refunded = await refundRest(order);
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
    await move(db, order.id, 'K', 'X', refunded);
  }

  async function giveMoneyBack(order: OrderWork): Promise<void> {
    await move(db, order.id, 'Q', 'B', await refundRest(order));
  }

  /** Gives back what refunds by lines have left of the money; returns what notes it. */
  async function refundRest(order: OrderWork): Promise<(tx: EntityManager) => Promise<void>> {
    const { id, currency, chargeReference } = order;
    const amountCents = order.totalCents - order.refundedCents;
    if (chargeReference === null || (amountCents === 0 && order.refundedCents > 0)) return async () => {};
    const key = chargeKey(id);
    const { reference } = await gateway.refund({
      key,
      chargeReference,
      refundKey: 'rest',
      amountCents,
      currency,
    });
    return (tx) => notePayment(tx, { orderId: id, kind: 'R', amountCents, reference });
  }

  return async function advance(passage: Passage, id: number): Promise<OrderWork> {
    for (;;) {
      const order = await loadWork(db.manager, id);
      if (!isUnfinished(order.code)) return order;
      // What is read here may be yesterday's: nobody is asked for anything on the strength of it.
      if ((await ownerOf('orders')) === 'service') throw notOwner(undefined);
      if (order.code === 'N') await verify(passage, order);
      else if (order.code === 'V') await reserve(passage, order);
      else if (order.code === 'R') {
        if (!(await charge(order))) return order;
      } else if (order.code === 'P') await commit(passage, order);
      else if (order.code === 'Z') await giveUp(passage, order);
      else if (order.code === 'K') await cancel(passage, order);
      else await giveMoneyBack(order);
    }
  };
}

export type Advance = ReturnType<typeof createAdvance>;

const failureDetails: Partial<Record<ProblemCode, string>> = {
  'payment-declined': 'The card was declined; nothing was charged, and the cart is as it was.',
  'payment-failed': 'The payment did not come through; nothing stays charged, and the cart is as it was.',
  'unknown-product': 'A product is not sold any more; nothing was charged, and the cart is as it was.',
  forbidden: 'This account may not order now; nothing was charged, and the cart is as it was.',
};
const failureDetail = (code: ProblemCode): string =>
  failureDetails[code] ?? 'Not enough is in stock; nothing was charged, and the cart is as it was.';
