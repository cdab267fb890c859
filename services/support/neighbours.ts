import type { Passage } from '#kernel/http/passage.ts';
import type { ShopCall } from '#kernel/http/shop-call.ts';
import type { ReturnLine } from './rules/return.ts';
import { refusedWith } from './rules/refusal.ts';

export interface User {
  id: number;
  roles: string[];
}

export interface Order {
  id: number;
  userId: number;
  status: string;
  createdAt: string;
  lines: ReturnLine[];
}

/** What support needs of the others, at their public URLs. Every call may be made again: none acts twice. */
export interface Neighbours {
  user(passage: Passage, id: number): Promise<User | undefined>;
  order(passage: Passage, id: number): Promise<Order | undefined>;
  /** The newest first. */
  ordersOf(passage: Passage, customerId: number, limit: number): Promise<Order[]>;
  /** Gives money back, once for each key, and says how much. Refused as the orders refuse it. */
  refundLines(
    passage: Passage,
    wanted: { orderId: number; key: string; reason: string; lines: readonly ReturnLine[] },
  ): Promise<string>;
  /** Puts pieces back on the shelf, once for each adjustment id; a product that is gone has no shelf. */
  restock(passage: Passage, wanted: ReturnLine & { adjustmentId: string; reason: string }): Promise<void>;
}

export function createNeighbours(call: ShopCall): Neighbours {
  const found = async <T>(passage: Passage, path: string): Promise<T | undefined> => {
    try {
      return (await call(passage, { method: 'GET', path })) as T;
    } catch (error) {
      if (refusedWith(error, 'not-found')) return undefined;
      throw error;
    }
  };
  return {
    user: (passage, id) => found<User>(passage, `/users/${id}`),
    order: (passage, id) => found<Order>(passage, `/orders/${id}`),
    ordersOf: async (passage, customerId, limit) => {
      const path = `/orders?customerId=${customerId}&limit=${limit}`;
      return ((await call(passage, { method: 'GET', path })) as { items: Order[] }).items;
    },
    refundLines: async (passage, { orderId, key, reason, lines }) => {
      const refund = await call(passage, {
        method: 'POST',
        path: `/orders/${orderId}/refunds`,
        headers: { 'idempotency-key': key },
        body: { reason, lines },
      });
      return (refund as { amount: { amount: string } }).amount.amount;
    },
    restock: async (passage, { productId, quantity, adjustmentId, reason }) => {
      const body = { adjustmentId, delta: quantity, reason };
      try {
        await call(passage, { method: 'POST', path: `/products/${productId}/stock-adjustments`, body });
      } catch (error) {
        if (!refusedWith(error, 'not-found')) throw error;
      }
    },
  };
}
