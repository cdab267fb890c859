import type { HeardEvent } from '#kernel/events/receive.ts';
import { rows, type Sql } from '#kernel/db/statements.ts';

/** One step of an order, as the orders told of it. */
export interface OrderStep {
  orderId: number;
  event: string;
  at: string;
}

const maxId = 2_147_483_647;
const idIn = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= maxId ? value : undefined;

/**
 * Notes what support has to know of others. Each event is one row that its aggregate and version name, so one that comes again
 * changes nothing, and the order in which they come does not matter. What is not understood is none of ours.
 */
export async function hear(sql: Sql, { type, version, at, data }: HeardEvent): Promise<void> {
  const userId = idIn(data['userId']);
  const orderId = idIn(data['orderId']);
  if (userId === undefined) return;
  if (type === 'user.erased') {
    await rows(
      sql,
      `insert into erasures (user_id, version) values ($1, $2)
       on conflict (user_id) do update set version = greatest(erasures.version, excluded.version)`,
      [userId, version],
    );
  } else if (type.startsWith('order.') && orderId !== undefined) {
    await rows(
      sql,
      `insert into order_history (order_id, version, customer_id, type, at) values ($1, $2, $3, $4, $5)
       on conflict do nothing`,
      [orderId, version, userId, type, at],
    );
  }
}

/** What became of a customer's orders lately, the newest first. */
export async function orderStepsOf(sql: Sql, customerId: number, limit: number): Promise<OrderStep[]> {
  const found = await rows<Omit<OrderStep, 'at'> & { at: Date }>(
    sql,
    `select order_id as "orderId", type as event, at from order_history
     where customer_id = $1 order by at desc, order_id desc, version desc limit $2`,
    [customerId, limit],
  );
  return found.map(({ at, ...step }) => ({ ...step, at: at.toISOString() }));
}
