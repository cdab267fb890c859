import type { DataSource } from 'typeorm';
import type { Tokens } from '../auth/tokens.ts';
import type { Passage } from '../http/passage.ts';
import { centsOf } from '../money.ts';
import type { AdvanceRefund } from '../orders/advance-refund.ts';
import { listOrders, presentOrder, type Order } from '../orders/read-orders.ts';
import { openRefund, type Refund } from '../orders/refunds.ts';
import type { RemoteCall } from './remote-call.ts';

export interface WantedRefund {
  orderId: number;
  /** The same key is the same refund, however often it is asked for. */
  key: string;
  reason: string;
  lines: readonly { productId: number; quantity: number }[];
}

/** What support needs of the orders. Access is for the caller of the port to judge. */
export interface OrdersPort {
  /** Refused: `not-found`. */
  order(id: number): Promise<Order>;
  /** The newest first. */
  ordersOf(customerId: number, limit: number): Promise<Order[]>;
  /** Gives money back, not goods. Refused: `not-found`, `illegal-move`, `refund-exceeds`, `unknown-product`. */
  refundLines(passage: Passage, wanted: WantedRefund): Promise<{ amountCents: number }>;
}

export const localOrders = (db: DataSource, advanceRefund: AdvanceRefund): OrdersPort => ({
  order: (id) => presentOrder(db.manager, id),
  ordersOf: async (customerId, limit) => (await listOrders(db.manager, { customerId, limit })).items,
  refundLines: async (passage, { orderId, key, reason, lines }) => {
    const body = { reason, lines: [...lines] };
    return advanceRefund(passage, await openRefund(db, { orderId, idempotencyKey: key, body }));
  },
});

export const remoteOrders = (call: RemoteCall, tokens: Tokens, passage: Passage): OrdersPort => ({
  order: async (id) => (await call(passage, { method: 'GET', path: `/orders/${id}` })) as Order,
  ordersOf: async (customerId, limit) => {
    const path = `/orders?customerId=${customerId}&limit=${limit}`;
    return ((await call(passage, { method: 'GET', path })) as { items: Order[] }).items;
  },
  refundLines: async (_passage, { orderId, key, reason, lines }) => {
    // The shop itself gives the money back; the agent who approved it may not.
    const token = await tokens.issue({ subject: 'shop-monolith', roles: [], scope: 'orders:refund' }, 60);
    const answer = await call(passage, {
      method: 'POST',
      path: `/orders/${orderId}/refunds`,
      body: { reason, lines },
      authorization: `Bearer ${token}`,
      headers: { 'idempotency-key': key },
    });
    return { amountCents: centsOf((answer as Refund).amount.amount) };
  },
});
