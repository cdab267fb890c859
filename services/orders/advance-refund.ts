import { namedUuid } from '#kernel/named-uuid.ts';
import type { Passage } from '#kernel/http/passage.ts';
import { assertOurs, type SagaParts } from './advance.ts';
import { chargeKey } from './gateway.ts';
import { loadWork, notePayment, touch } from './store/order-work.ts';
import { loadRefund, moveRefund, type RefundWork } from './store/refunds.ts';

/** Takes a refund by lines to its end: the money first, then the goods. Each step may be made again by whoever comes next. */
export function createAdvanceRefund(parts: SagaParts) {
  const { source, write, neighbours, gateway } = parts;
  async function payBack(refund: RefundWork): Promise<void> {
    const { id, orderId, amountCents, currency } = refund;
    const { chargeReference } = await loadWork(source.manager, orderId);
    const { reference } = await gateway.refund({
      key: chargeKey(orderId),
      chargeReference: chargeReference ?? '',
      refundKey: `refund-${id}`,
      amountCents,
      currency,
    });
    await write(async (sql) => {
      if (!(await moveRefund(sql, refund, 'paid'))) return;
      await notePayment(sql, { orderId, kind: 'refund', amountCents, reference, refundId: id });
      const lines = refund.lines.map(({ productId, quantity }) => ({ productId, quantity }));
      await touch(sql, orderId, 'order.lines-refunded', { refundId: id, amountCents, lines });
    });
  }

  async function putBack(passage: Passage, refund: RefundWork): Promise<void> {
    const { id, orderId } = refund;
    const lines = refund.lines
      .filter(({ restock }) => restock)
      .map(({ productId, quantity }) => ({ productId, quantity }));
    for (const line of lines) {
      const adjustmentId = namedUuid(`refund/${orderId}/${id}/${line.productId}`);
      await neighbours.restock(passage, { ...line, adjustmentId, reason: `order ${orderId} returned` });
    }
    await write(async (sql) => {
      if (!(await moveRefund(sql, refund, 'done')) || lines.length === 0) return;
      await touch(sql, orderId, 'order.lines-restocked', { refundId: id, lines });
    });
  }

  return async function advanceRefund(passage: Passage, id: number): Promise<RefundWork> {
    for (;;) {
      const refund = await loadRefund(source.manager, id);
      if (refund.state === 'done') return refund;
      await assertOurs(parts);
      if (refund.state === 'pending') await payBack(refund);
      else await putBack(passage, refund);
    }
  };
}

export type AdvanceRefund = ReturnType<typeof createAdvanceRefund>;
