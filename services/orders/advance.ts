import type { DataSource } from 'typeorm';
import { namedUuid } from '#kernel/named-uuid.ts';
import { notOwner, ownerNow, type Ownership } from '#kernel/db/ownership.ts';
import type { Sql } from '#kernel/db/statements.ts';
import type { Write } from '#kernel/db/unit-of-work.ts';
import { problem } from '#kernel/http/problem.ts';
import type { Passage } from '#kernel/http/passage.ts';
import { chargeKey, type CancelOutcome, type PaymentGateway } from './gateway.ts';
import type { Neighbours } from './neighbours.ts';
import { isUnfinished, type OrderState } from './rules/order.ts';
import { failureOf, refusedWith, type RefusalCode } from './rules/refusal.ts';
import { restoreCart } from './store/carts.ts';
import {
  loadWork,
  move,
  noteAnswer,
  noteFailure,
  noteParcel,
  notePayment,
  type OrderWork,
} from './store/order-work.ts';
import { viewOrder } from './store/order-view.ts';

const holdSeconds = 900;

export interface SagaParts {
  source: DataSource;
  ownership: Ownership;
  write: Write;
  neighbours: Neighbours;
  gateway: PaymentGateway;
  /** How long a payment may stay undecided: less than the goods are held. */
  paymentPatienceSeconds: number;
}

/** Who does not own the orders may be reading yesterday's: the neighbours are asked for nothing on the strength of it. */
export async function assertOurs({ source, ownership }: SagaParts): Promise<void> {
  if ((await ownerNow(source.manager, ownership)) !== 'us') throw notOwner();
}

/**
 * Takes an order to the end of what was begun: verify the buyer, reserve, charge, commit, confirm; on a refusal give the money
 * back, release and fail; likewise cancellations and refunds. Each step calls a neighbour or the provider outside any transaction,
 * idempotently by a name that derives from the order, and then stores the move by compare-and-set. So a step that is cut off
 * is made again by whoever comes next, on this side or the other, and two that work on one order at once do nothing twice.
 */
export function createAdvance(parts: SagaParts) {
  const { source, write, neighbours, gateway, paymentPatienceSeconds } = parts;
  const fail = (order: OrderWork, code: RefusalCode) =>
    move(write, order.id, order.state, 'failing', (sql) => noteFailure(sql, order.id, code), code);

  async function verify(passage: Passage, order: OrderWork): Promise<void> {
    try {
      const { status } = await neighbours.user(passage, order.userId);
      if (status === 'active') await move(write, order.id, 'placed', 'buyer-verified');
      else await fail(order, 'forbidden');
    } catch (error) {
      if (!refusedWith(error, 'not-found')) throw error;
      await fail(order, 'forbidden');
    }
  }

  async function reserve(passage: Passage, order: OrderWork): Promise<void> {
    const id = order.reservationId ?? '';
    try {
      const state = await neighbours.reserve(passage, { id, lines: order.lines, ttlSeconds: holdSeconds });
      if (state === 'released' || state === 'expired') {
        await fail(order, 'out-of-stock');
        return;
      }
    } catch (error) {
      if (!refusedWith(error, 'out-of-stock', 'unknown-product')) throw error;
      await fail(order, error.code as RefusalCode);
      return;
    }
    if (await move(write, order.id, 'buyer-verified', 'reserved')) return;
    // Another process has failed the order meanwhile, and released before this call held.
    const { state } = await loadWork(source.manager, order.id);
    if (state === 'failing' || state === 'failed') await release(passage, order);
  }

  /** False while the provider has not decided: somebody comes back to it. */
  async function charge(order: OrderWork): Promise<boolean> {
    const { id, totalCents: amountCents, currency, cardToken } = order;
    const outOfPatience = order.ageSeconds > paymentPatienceSeconds;
    try {
      const payment = { key: chargeKey(id), amountCents, currency, cardToken: cardToken ?? '' };
      const outcome = await gateway.charge(payment);
      if (outcome.state === 'pending') {
        if (outOfPatience) await fail(order, 'payment-failed');
        return outOfPatience;
      }
      if (outcome.state !== 'approved') {
        await fail(order, outcome.state === 'declined' ? 'payment-declined' : 'payment-failed');
        return true;
      }
      const { reference } = outcome;
      await move(write, id, 'reserved', 'paid', (sql) =>
        notePayment(sql, { orderId: id, kind: 'charge', amountCents, reference }),
      );
    } catch (error) {
      if (!outOfPatience || !refusedWith(error, 'unavailable')) throw error;
      await fail(order, 'payment-failed');
    }
    return true;
  }

  async function commit(passage: Passage, order: OrderWork): Promise<void> {
    try {
      await neighbours.commit(passage, order.reservationId ?? '');
    } catch (error) {
      // It waited longer than the goods were held.
      if (!refusedWith(error, 'illegal-move', 'not-found')) throw error;
      await fail(order, 'out-of-stock');
      return;
    }
    await move(write, order.id, 'paid', 'confirmed', async (sql) => {
      await noteParcel(sql, order.id, 'confirmed', '');
      await noteAnswer(sql, order.id, 201, await viewOrder(sql, order.id));
    });
  }

  async function release(passage: Passage, order: OrderWork): Promise<void> {
    try {
      await neighbours.release(passage, order.reservationId ?? '');
    } catch (error) {
      if (!refusedWith(error, 'illegal-move', 'not-found')) throw error;
    }
  }

  async function giveUp(passage: Passage, order: OrderWork): Promise<void> {
    const { id, userId, totalCents: amountCents } = order;
    const nothing: CancelOutcome = { state: 'voided' };
    const mayBeCharged = order.triedToCharge && order.failure !== 'payment-declined';
    const outcome = mayBeCharged ? await gateway.cancel(chargeKey(id)) : nothing;
    await release(passage, order);
    const { code, status, title, message } = failureOf(order.failure);
    const note = async (sql: Sql) => {
      if (outcome.state === 'refunded') {
        // The charge may be one whose answer was lost: the books show it, and that it went back.
        const { reference, refundReference } = outcome;
        await notePayment(sql, { orderId: id, kind: 'charge', amountCents, reference });
        await notePayment(sql, { orderId: id, kind: 'refund', amountCents, reference: refundReference });
      }
      await restoreCart(sql, id, userId);
      await noteAnswer(sql, id, status, problem(status, code, title, message));
    };
    await move(write, id, 'failing', 'failed', note, code);
  }

  async function cancel(passage: Passage, order: OrderWork): Promise<void> {
    const refunded = await refundRest(order);
    for (const line of order.lines) {
      const adjustmentId = namedUuid(`restock/${order.id}/${order.userId}/${line.productId}`);
      await neighbours.restock(passage, { ...line, adjustmentId, reason: `order ${order.id} cancelled` });
    }
    await move(write, order.id, 'cancelling', 'cancelled', refunded);
  }

  async function giveMoneyBack(order: OrderWork): Promise<void> {
    await move(write, order.id, 'refunding', 'refunded', await refundRest(order));
  }

  /** Gives back what refunds by lines have left of the money; returns what notes it. */
  async function refundRest(order: OrderWork): Promise<(sql: Sql) => Promise<void>> {
    const { id, currency, chargeReference } = order;
    const amountCents = order.totalCents - order.refundedCents;
    if (chargeReference === null || (amountCents === 0 && order.refundedCents > 0)) return async () => {};
    const refund = { key: chargeKey(id), chargeReference, refundKey: 'rest', amountCents, currency };
    const { reference } = await gateway.refund(refund);
    return (sql) => notePayment(sql, { orderId: id, kind: 'refund', amountCents, reference });
  }

  const steps: Partial<Record<OrderState, (passage: Passage, order: OrderWork) => Promise<void | boolean>>> =
    {
      placed: verify,
      'buyer-verified': reserve,
      reserved: (_passage, order) => charge(order),
      paid: commit,
      failing: giveUp,
      cancelling: cancel,
      refunding: (_passage, order) => giveMoneyBack(order),
    };

  return async function advance(passage: Passage, id: number): Promise<OrderWork> {
    for (;;) {
      const order = await loadWork(source.manager, id);
      if (!isUnfinished(order.state)) return order;
      await assertOurs(parts);
      if ((await steps[order.state]?.(passage, order)) === false) return order;
    }
  };
}

export type Advance = ReturnType<typeof createAdvance>;
