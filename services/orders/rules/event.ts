import type { DomainEvent } from '#kernel/db/outbox.ts';
import { statusOf, type OrderState } from './order.ts';

export type OrderEventType =
  | `order.${OrderState}`
  | 'order.packed'
  | 'order.refund-opened'
  | 'order.lines-refunded'
  | 'order.lines-restocked'
  | 'order.erased';

/** Says what became of an order, whose it is, and nothing personal beside. */
export function orderEvent(
  type: OrderEventType,
  order: { id: number; userId: number; state: OrderState; version: number },
  payload: Record<string, unknown> = {},
): DomainEvent {
  return {
    aggregateType: 'order',
    aggregateId: String(order.id),
    type,
    version: order.version,
    payload: { orderId: order.id, userId: order.userId, status: statusOf(order.state), ...payload },
  };
}
