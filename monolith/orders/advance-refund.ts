import type { DataSource, EntityManager } from 'typeorm';
import { rows } from '../db/sql.ts';
import { unit } from '../db/unit.ts';
import type { Passage } from '../http/passage.ts';
import { ShopError } from '../http/problem.ts';
import type { CataloguePort } from '../ports/catalogue-port.ts';
import type { InUnit } from '../ports/choose.ts';
import { chargeKey, type PaymentGateway } from './gateway.ts';
import { namedUuid } from './order-rules.ts';
import { loadWork, notePayment, touch } from './order-store.ts';
import type { RefundCode } from './refund-rules.ts';
import { loadRefund, type RefundWork } from './refunds.ts';

/** Takes a refund by lines to its end: the money first, then the goods. Each step may be made again by whoever comes next. */
export function createAdvanceRefund(
  db: DataSource,
  inCatalogue: InUnit<CataloguePort>,
  gateway: PaymentGateway,
) {
  const step = (refund: RefundWork, to: RefundCode, also: (tx: EntityManager) => Promise<unknown>) =>
    unit(db, async (tx) => {
      const moved = await rows(
        tx,
        'update rfd set stat_cd = $3, upd_dt = now() where rfd_id = $1 and stat_cd = $2 returning rfd_id',
        [refund.id, refund.code, to],
      );
      if (moved.length > 0) await also(tx);
    });

  async function payBack(refund: RefundWork): Promise<void> {
    const { id, orderId, amountCents, currency } = refund;
    const { chargeReference } = await loadWork(db.manager, orderId);
    const { reference } = await gateway.refund({
      key: chargeKey(orderId),
      chargeReference: chargeReference ?? '',
      refundKey: `refund-${id}`,
      amountCents,
      currency,
    });
    await step(refund, 'M', async (tx) => {
      await notePayment(tx, { orderId, kind: 'R', amountCents, reference, refundId: id });
      const lines = refund.lines.map(({ productId, quantity }) => ({ productId, quantity }));
      await touch(tx, orderId, 'order.lines-refunded', { refundId: id, amountCents, lines });
    });
  }

  async function putBack(passage: Passage, refund: RefundWork): Promise<void> {
    const { id, orderId } = refund;
    const lines = refund.lines.filter(({ restock }) => restock);
    for (const { productId, quantity } of lines) {
      const adjustmentId = namedUuid(`refund/${orderId}/${id}/${productId}`);
      const adjustment = { adjustmentId, productId, delta: quantity, reason: `order ${orderId} returned` };
      try {
        await inCatalogue(passage, (catalogue) => catalogue.adjust(adjustment));
      } catch (error) {
        // A product that is gone has no stock to go back to.
        if (!(error instanceof ShopError && error.code === 'not-found')) throw error;
      }
    }
    await step(refund, 'D', async (tx) => {
      if (lines.length === 0) return;
      const back = lines.map(({ productId, quantity }) => ({ productId, quantity }));
      await touch(tx, orderId, 'order.lines-restocked', { refundId: id, lines: back });
    });
  }

  return async function advanceRefund(passage: Passage, id: number): Promise<RefundWork> {
    for (;;) {
      const refund = await loadRefund(db.manager, id);
      if (refund.code === 'D') return refund;
      if (refund.code === 'N') await payBack(refund);
      else await putBack(passage, refund);
    }
  };
}

export type AdvanceRefund = ReturnType<typeof createAdvanceRefund>;
