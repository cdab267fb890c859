import type { DataSource } from 'typeorm';
import type { Passage } from '../http/passage.ts';
import { ShopError, type ProblemCode } from '../http/problem.ts';
import { namedUuid } from '../named-uuid.ts';
import type { Ports } from '../ports/ports.ts';
import { isUnsettled } from './return-rules.ts';
import { moveReturn, presentReturn, type Return } from './returns.ts';

const finalRefusals: readonly ProblemCode[] = [
  'not-found',
  'illegal-move',
  'refund-exceeds',
  'unknown-product',
];

/**
 * Takes an approved return to its end: the money first, then the goods. Each step calls a port outside any transaction,
 * idempotently by the return's own id, and then stores the move by compare-and-set: a step that is cut off is made again by
 * whoever comes next, on either side, and nothing is given back twice.
 */
export function createSettleReturn(
  db: DataSource,
  { inOrders, inCatalogue }: Pick<Ports, 'inOrders' | 'inCatalogue'>,
) {
  async function refund(passage: Passage, { id, orderId, lines }: Return): Promise<void> {
    const wanted = { orderId, key: `return-${id}`, reason: `return ${id}`, lines };
    try {
      const { amountCents } = await inOrders(passage, (orders) => orders.refundLines(passage, wanted));
      await moveReturn(db, id, 'approved', 'refunded', { refundCents: amountCents });
    } catch (error) {
      if (!(error instanceof ShopError) || !finalRefusals.includes(error.code)) throw error;
      await moveReturn(db, id, 'approved', 'failed', { failure: error.code });
    }
  }

  async function restock(passage: Passage, { id, lines }: Return): Promise<void> {
    for (const { productId, quantity } of lines) {
      const adjustmentId = namedUuid(`return/${id}/${productId}`);
      const adjustment = { adjustmentId, productId, delta: quantity, reason: `return ${id}` };
      try {
        await inCatalogue(passage, (catalogue) => catalogue.adjust(adjustment));
      } catch (error) {
        // A product that is gone has no stock to go back to.
        if (!(error instanceof ShopError && error.code === 'not-found')) throw error;
      }
    }
    await moveReturn(db, id, 'refunded', 'completed');
  }

  return async function settleReturn(passage: Passage, id: string): Promise<Return> {
    for (;;) {
      const found = await presentReturn(db.manager, id);
      if (!isUnsettled(found.status)) return found;
      if (found.status === 'approved') await refund(passage, found);
      else await restock(passage, found);
    }
  };
}

export type SettleReturn = ReturnType<typeof createSettleReturn>;
