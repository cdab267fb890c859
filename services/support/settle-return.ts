import type { DataSource } from 'typeorm';
import type { Write } from '#kernel/db/unit-of-work.ts';
import type { Passage } from '#kernel/http/passage.ts';
import { namedUuid } from '#kernel/named-uuid.ts';
import type { Neighbours } from './neighbours.ts';
import { refusedWith } from './rules/refusal.ts';
import { isUnsettled } from './rules/return.ts';
import { moveReturn, viewReturn, type ReturnView } from './store/returns.ts';

const finalRefusals = ['not-found', 'illegal-move', 'refund-exceeds', 'unknown-product'];

export type SettleReturn = (passage: Passage, id: string) => Promise<ReturnView>;

/**
 * Takes an approved return to its end: the money first, then the goods. Each step calls a neighbour outside any transaction,
 * idempotently by the return's own id, and then stores the move by compare-and-set: a step that is cut off is made again by
 * whoever comes next, on either side, and nothing is given back twice.
 */
export function createSettleReturn(source: DataSource, write: Write, neighbours: Neighbours): SettleReturn {
  async function refund(passage: Passage, { id, orderId, lines }: ReturnView): Promise<void> {
    try {
      const wanted = { orderId, key: `return-${id}`, reason: `return ${id}`, lines };
      const refundAmount = await neighbours.refundLines(passage, wanted);
      await write((sql) => moveReturn(sql, id, 'approved', 'refunded', { refundAmount }));
    } catch (error) {
      if (!refusedWith(error, ...finalRefusals)) throw error;
      await write((sql) => moveReturn(sql, id, 'approved', 'failed', { failure: error.code }));
    }
  }

  async function restock(passage: Passage, { id, lines }: ReturnView): Promise<void> {
    for (const line of lines) {
      const adjustmentId = namedUuid(`return/${id}/${line.productId}`);
      await neighbours.restock(passage, { ...line, adjustmentId, reason: `return ${id}` });
    }
    await write((sql) => moveReturn(sql, id, 'refunded', 'completed'));
  }

  return async (passage, id) => {
    for (;;) {
      const found = await viewReturn(source.manager, id);
      if (!isUnsettled(found.status)) return found;
      if (found.status === 'approved') await refund(passage, found);
      else await restock(passage, found);
    }
  };
}
