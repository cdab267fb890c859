import { row, rows, type Sql } from '../db/sql.ts';
import { readIdCursor, writeIdCursor } from '../http/id-cursor.ts';
import { notFound, ShopError } from '../http/problem.ts';
import { amountOf } from '../money.ts';
import {
  codesOf,
  paymentOf,
  statusOf,
  stepOf,
  type OrderCode,
  type OrderStatus,
  type OrderStep,
  type TrackingEvent,
} from './order-rules.ts';

interface Money {
  amount: string;
  currency: string;
}

export interface Order {
  id: number;
  userId: number;
  status: OrderStatus;
  total: Money;
  lines: { productId: number; name: string; quantity: number; price: Money }[];
  shipping: { name: string; address: string };
  payment: 'none' | 'charged' | 'partly-refunded' | 'refunded';
  /** How much of the money has gone back. */
  refunded: Money;
  failure: string | null;
  createdAt: string;
  updatedAt: string;
}

interface OrderRecord {
  ord_id: number;
  usr_id: number;
  stat_cd: OrderCode;
  tot_cents: string;
  curr_cd: string;
  ship_nm: string;
  ship_addr: string;
  fail_cd: string | null;
  crt_dt: Date;
  upd_dt: Date;
  lines: { productId: number; name: string; quantity: number; priceCents: number }[] | null;
  charged_cents: number | null;
  refunded_cents: number | null;
}

const selectOrders = `
  select o.ord_id, o.usr_id, o.stat_cd, o.tot_cents, o.curr_cd, o.ship_nm, o.ship_addr, o.fail_cd, o.crt_dt, o.upd_dt,
    (select json_agg(json_build_object('productId', l.prod_id, 'name', l.prod_nm, 'quantity', l.qty,
       'priceCents', l.price_cents) order by l.ln_no) from ord_ln l where l.ord_id = o.ord_id) as lines,
    p.charged_cents, p.refunded_cents
  from ord o cross join lateral (
    select sum(amt_cents) filter (where kind_cd = 'C')::float8 as charged_cents,
      sum(amt_cents) filter (where kind_cd = 'R')::float8 as refunded_cents
    from pay where pay.ord_id = o.ord_id) p`;

function orderOf(record: OrderRecord): Order {
  const money = (cents: number): Money => ({ amount: amountOf(cents), currency: record.curr_cd });
  return {
    id: record.ord_id,
    userId: record.usr_id,
    status: statusOf(record.stat_cd),
    total: money(Number(record.tot_cents)),
    lines: (record.lines ?? []).map(({ priceCents, ...line }) => ({ ...line, price: money(priceCents) })),
    shipping: { name: record.ship_nm, address: record.ship_addr },
    payment: paymentOf(record.charged_cents, record.refunded_cents),
    refunded: money(record.refunded_cents ?? 0),
    failure: record.fail_cd,
    createdAt: record.crt_dt.toISOString(),
    updatedAt: record.upd_dt.toISOString(),
  };
}

export async function presentOrder(sql: Sql, id: number): Promise<Order> {
  const found = await row<OrderRecord>(sql, `${selectOrders} where o.ord_id = $1`, [id]);
  if (found === undefined) throw notFound(`order ${id}`);
  return orderOf(found);
}

export interface OrderFilter {
  customerId?: number;
  status?: OrderStatus;
  /** Placed then or later, and before `to`. */
  from?: string;
  to?: string;
  /** A part of an ordered product's name. */
  q?: string;
  limit: number;
  cursor?: string;
}

/** Not all that is a time is one to the database: it has no year 0, and no suffix after the offset. */
function instantOf(text: string): string {
  if (!/^[12]\d{3}-[^[]*$/.test(text)) throw new ShopError('bad-request', 'The time is out of range.');
  return text;
}

export async function listOrders(
  sql: Sql,
  filter: OrderFilter,
): Promise<{ items: Order[]; nextCursor: string | null }> {
  const parameters: unknown[] = [];
  const value = (parameter: unknown) => `$${parameters.push(parameter)}`;
  const where = ['true'];
  if (filter.customerId !== undefined) where.push(`o.usr_id = ${value(filter.customerId)}`);
  if (filter.status !== undefined) where.push(`o.stat_cd = any(${value(codesOf(filter.status))}::text[])`);
  if (filter.from !== undefined) where.push(`o.crt_dt >= ${value(instantOf(filter.from))}::timestamptz`);
  if (filter.to !== undefined) where.push(`o.crt_dt < ${value(instantOf(filter.to))}::timestamptz`);
  if (filter.q !== undefined) {
    const pattern = `%${filter.q.replaceAll(/[\\%_]/g, '\\$&')}%`;
    where.push(
      `exists (select from ord_ln l where l.ord_id = o.ord_id and l.prod_nm ilike ${value(pattern)}::text)`,
    );
  }
  if (filter.cursor !== undefined) where.push(`o.ord_id < ${value(readIdCursor(filter.cursor))}`);
  const found = await rows<OrderRecord>(
    sql,
    `${selectOrders} where ${where.join(' and ')} order by o.ord_id desc limit ${value(filter.limit + 1)}`,
    parameters,
  );
  const items = found.slice(0, filter.limit).map(orderOf);
  const last = items.at(-1);
  return {
    items,
    nextCursor: found.length > filter.limit && last !== undefined ? writeIdCursor(last.id) : null,
  };
}

export interface OrderHistory {
  orderId: number;
  status: OrderStatus;
  steps: { step: OrderStep; status: OrderStatus; reason: string; at: string }[];
}

export async function historyOf(sql: Sql, order: Pick<Order, 'id' | 'status'>): Promise<OrderHistory> {
  const found = await rows<{ stat_cd: OrderCode; rsn: string; crt_dt: Date }>(
    sql,
    'select stat_cd, rsn, crt_dt from ord_hst where ord_id = $1 order by ver_no',
    [order.id],
  );
  return {
    orderId: order.id,
    status: order.status,
    steps: found.map(({ stat_cd: code, rsn: reason, crt_dt: at }) => ({
      step: stepOf(code),
      status: statusOf(code),
      reason,
      at: at.toISOString(),
    })),
  };
}

export interface Tracking {
  orderId: number;
  status: OrderStatus;
  events: { event: TrackingEvent; place: string; at: string }[];
}

export async function trackingOf(sql: Sql, order: Pick<Order, 'id' | 'status'>): Promise<Tracking> {
  const found = await rows<{ ev_cd: TrackingEvent; loc: string; ev_dt: Date }>(
    sql,
    'select ev_cd, loc, ev_dt from trk where ord_id = $1 order by ev_dt, ev_cd',
    [order.id],
  );
  return {
    orderId: order.id,
    status: order.status,
    events: found.map(({ ev_cd: event, loc: place, ev_dt: at }) => ({ event, place, at: at.toISOString() })),
  };
}
