import type { DataSource } from 'typeorm';
import type { Passage } from '../http/passage.ts';
import { listOrders, presentOrder, type Order } from '../orders/read-orders.ts';
import type { RemoteCall } from './remote-call.ts';

/** What support needs of the orders. Refused: `not-found`. Access is for the caller of the port to judge. */
export interface OrdersPort {
  order(id: number): Promise<Order>;
  /** The newest first. */
  ordersOf(customerId: number, limit: number): Promise<Order[]>;
}

export const localOrders = (db: DataSource): OrdersPort => ({
  order: (id) => presentOrder(db.manager, id),
  ordersOf: async (customerId, limit) => (await listOrders(db.manager, { customerId, limit })).items,
});

export const remoteOrders = (call: RemoteCall, passage: Passage): OrdersPort => ({
  order: async (id) => (await call(passage, { method: 'GET', path: `/orders/${id}` })) as Order,
  ordersOf: async (customerId, limit) => {
    const path = `/orders?customerId=${customerId}&limit=${limit}`;
    return ((await call(passage, { method: 'GET', path })) as { items: Order[] }).items;
  },
});
