import type { Sql } from '../db/sql.ts';
import { emit } from '../outbox/emit.ts';
import { statusOf, stepOf, type OrderCode, type OrderStep } from './order-rules.ts';

export type OrderEventType =
  | `order.${OrderStep}`
  | 'order.packed'
  | 'order.refund-opened'
  | 'order.lines-refunded'
  | 'order.lines-restocked'
  | 'order.erased';

interface OrderState {
  id: number;
  userId: number;
  code: OrderCode;
  version: number;
}

/** Says what became of an order, whose it is, and nothing personal beside. */
export function emitOrder(
  tx: Sql,
  type: OrderEventType,
  { id, userId, code, version }: OrderState,
  payload: Record<string, unknown> = {},
): Promise<void> {
  return emit(tx, {
    aggregateType: 'order',
    aggregateId: String(id),
    type,
    version,
    payload: { orderId: id, userId, status: statusOf(code), ...payload },
  });
}

export const eventOf = (code: OrderCode): OrderEventType => `order.${stepOf(code)}`;
