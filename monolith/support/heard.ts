import { rows, type Sql } from '../db/sql.ts';
import type { HeardEvent } from '../outbox/receive.ts';

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
    await sql.query(
      `insert into sup_ers (usr_id, ver_no) values ($1, $2)
       on conflict (usr_id) do update set ver_no = greatest(sup_ers.ver_no, excluded.ver_no)`,
      [userId, version],
    );
  } else if (type.startsWith('order.') && orderId !== undefined) {
    await sql.query(
      `insert into sup_ord_evt (ord_id, ver_no, usr_id, evt_cd, evt_dt) values ($1, $2, $3, $4, $5)
       on conflict do nothing`,
      [orderId, version, userId, type, at],
    );
  }
}

/** What became of a customer's orders lately, the newest first. */
export async function orderStepsOf(sql: Sql, customerId: number, limit: number): Promise<OrderStep[]> {
  const found = await rows<{ ord_id: number; evt_cd: string; evt_dt: Date }>(
    sql,
    `select ord_id, evt_cd, evt_dt from sup_ord_evt where usr_id = $1
     order by evt_dt desc, ord_id desc, ver_no desc limit $2`,
    [customerId, limit],
  );
  return found.map(({ ord_id, evt_cd, evt_dt }) => ({
    orderId: ord_id,
    event: evt_cd,
    at: evt_dt.toISOString(),
  }));
}
