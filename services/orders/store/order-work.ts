import { publish } from '#kernel/db/outbox.ts';
import { rows, type Sql } from '#kernel/db/statements.ts';
import type { Write } from '#kernel/db/unit-of-work.ts';
import type { Line } from '../neighbours.ts';
import { orderEvent, type OrderEventType } from '../rules/event.ts';
import { centsOf } from '../rules/money.ts';
import { mayMove, unfinished, type OrderState } from '../rules/order.ts';
import { noOrder } from '../rules/refusal.ts';

/** What the steps of an order need to know of it. */
export interface OrderWork {
  id: number;
  userId: number;
  state: OrderState;
  totalCents: number;
  currency: string;
  /** Absent for orders older than reservations. */
  reservationId: string | null;
  cardToken: string | null;
  failure: string | null;
  /** What the provider calls the charge that was noted. */
  chargeReference: string | null;
  /** Whether the provider may have been asked for money. */
  triedToCharge: boolean;
  /** What refunds by lines give back, those included that are still on their way. */
  refundedCents: number;
  ageSeconds: number;
  lines: Line[];
  answer: { status: number; body: string } | undefined;
}

type OrderWorkRecord = Omit<OrderWork, 'totalCents' | 'refundedCents' | 'answer' | 'lines'> & {
  total: string;
  refunded: string;
  lines: Line[] | null;
  answer_status: number | null;
  answer_body: string | null;
};

export async function loadWork(sql: Sql, id: number): Promise<OrderWork> {
  const [found] = await rows<OrderWorkRecord>(
    sql,
    `select o.id, o.user_id as "userId", o.state, o.total, o.currency, o.reservation_id as "reservationId", o.failure,
       c.card_token as "cardToken", c.answer_status, c.answer_body,
       extract(epoch from now() - o.created_at)::float8 as "ageSeconds",
       (select p.provider_reference from payments p where p.order_id = o.id and p.kind = 'charge') as "chargeReference",
       -- Orders from before there was a history may have been.
       exists (select from order_history h where h.order_id = o.id and h.state = 'reserved')
         or not exists (select from order_history h where h.order_id = o.id) as "triedToCharge",
       (select coalesce(sum(r.amount), 0) from refunds r where r.order_id = o.id)::text as refunded,
       (select json_agg(json_build_object('productId', l.product_id, 'quantity', l.quantity) order by l.product_id)
        from order_lines l where l.order_id = o.id) as lines
     from orders o join checkouts c on c.order_id = o.id where o.id = $1`,
    [id],
  );
  if (found === undefined) throw noOrder(id);
  const { total, refunded, lines, answer_status: status, answer_body: body, ...order } = found;
  return {
    ...order,
    totalCents: centsOf(total),
    refundedCents: centsOf(refunded),
    lines: lines ?? [],
    answer: status === null || body === null ? undefined : { status, body },
  };
}

export interface Change {
  id: number;
  userId: number;
  state: OrderState;
  version: number;
}

/** The history's entry, and the event, of a state that the order has just reached. */
export async function noteState(
  sql: Sql,
  order: Change,
  reason = '',
  payload: Record<string, unknown> = {},
): Promise<void> {
  await rows(sql, 'insert into order_history (order_id, version, state, reason) values ($1, $2, $3, $4)', [
    order.id,
    order.version,
    order.state,
    reason,
  ]);
  const told = reason === '' ? payload : { ...payload, reason };
  await publish(sql, [orderEvent(`order.${order.state}`, order, told)]);
}

/**
 * Moves an order from one stored state to the next, with its history, its event and what else belongs to the move in the same
 * transaction. False when another process moved it first: a step may run twice at once, its move counts once.
 */
export function move(
  write: Write,
  id: number,
  from: OrderState,
  to: OrderState,
  also: (sql: Sql) => Promise<unknown> = async () => undefined,
  reason = '',
): Promise<boolean> {
  if (!mayMove(from, to)) throw new Error(`An order does not move from ${from} to ${to}.`);
  return write(async (sql) => {
    const [moved] = await rows<{ userId: number; version: number }>(
      sql,
      `update orders set state = $3, updated_at = now(), version = version + 1 where id = $1 and state = $2
       returning user_id as "userId", version::float8 as version`,
      [id, from, to],
    );
    if (moved === undefined) return false;
    await noteState(sql, { id, state: to, ...moved }, reason);
    await also(sql);
    return true;
  });
}

/** Counts and tells of a change that leaves the order in its state. */
export async function touch(
  sql: Sql,
  id: number,
  type: OrderEventType,
  payload: Record<string, unknown>,
): Promise<void> {
  const [touched] = await rows<Omit<Change, 'id'>>(
    sql,
    `update orders set version = version + 1, updated_at = now() where id = $1
     returning user_id as "userId", state, version::float8 as version`,
    [id],
  );
  if (touched !== undefined) await publish(sql, [orderEvent(type, { id, ...touched }, payload)]);
}

export async function notePayment(
  sql: Sql,
  payment: {
    orderId: number;
    kind: 'charge' | 'refund';
    amountCents: number;
    reference: string;
    /** A refund by lines; all others are the only one of their kind. */
    refundId?: number;
  },
): Promise<void> {
  await rows(
    sql,
    `insert into payments (order_id, kind, movement, amount, provider_reference)
     values ($1, $2, $3, $4::bigint * 0.01, $5) on conflict do nothing`,
    [payment.orderId, payment.kind, payment.refundId ?? 0, payment.amountCents, payment.reference],
  );
}

/** Whether it is new: the same event again is no error. */
export async function noteParcel(sql: Sql, id: number, event: string, place: string): Promise<boolean> {
  const noted = await rows(
    sql,
    `insert into parcel_events (order_id, event, place) values ($1, $2, $3)
     on conflict (order_id, event) do nothing returning order_id`,
    [id, event, place],
  );
  return noted.length > 0;
}

export async function noteFailure(sql: Sql, id: number, code: string): Promise<void> {
  await rows(sql, 'update orders set failure = $2 where id = $1', [id, code]);
}

export async function noteAnswer(sql: Sql, id: number, status: number, body: unknown): Promise<void> {
  // The card's token has done its work.
  await rows(
    sql,
    'update checkouts set answer_status = $2, answer_body = $3, card_token = null where order_id = $1',
    [id, status, JSON.stringify(body)],
  );
}

/** Orders after `afterId` that nobody has moved for a while although something is left to do. */
export const stalledOrders = (sql: Sql, stalledMs: number, afterId: number, limit: number) =>
  rows<{ id: number }>(
    sql,
    // The list of states is written out so that the partial index serves it.
    `select id from orders where state in (${unfinished.map((state) => `'${state}'`).join(', ')})
       and updated_at < now() - make_interval(secs => $1::float8 / 1000) and id > $2 order by id limit $3`,
    [stalledMs, afterId, limit],
  );
