import { readIdCursor, writeIdCursor } from '#kernel/http/id-cursor.ts';
import { rows, type Sql } from '#kernel/db/statements.ts';
import { centsOf, type Money } from '../rules/money.ts';
import { paymentOf, statesOf, statusOf, type OrderState, type OrderStatus } from '../rules/order.ts';
import { noOrder, refuse } from '../rules/refusal.ts';

export interface OrderView {
  id: number;
  userId: number;
  status: OrderStatus;
  total: Money;
  lines: { productId: number; name: string; quantity: number; price: Money }[];
  shipping: { name: string; address: string };
  payment: ReturnType<typeof paymentOf>;
  /** How much of the money has gone back. */
  refunded: Money;
  failure: string | null;
  createdAt: string;
  updatedAt: string;
}

interface OrderRecord {
  id: number;
  user_id: number;
  state: OrderState;
  total: string;
  currency: string;
  recipient: string;
  address: string;
  failure: string | null;
  created_at: Date;
  updated_at: Date;
  lines: { productId: number; name: string; quantity: number; price: string }[] | null;
  charged: string | null;
  refunded: string | null;
}

const selectOrders = `
  select o.id, o.user_id, o.state, o.total, o.currency, d.recipient, d.address, o.failure, o.created_at, o.updated_at,
    (select json_agg(json_build_object('productId', l.product_id, 'name', l.name, 'quantity', l.quantity,
       'price', l.unit_price::text) order by l.line_number) from order_lines l where l.order_id = o.id) as lines,
    p.charged, p.refunded
  from orders o join deliveries d on d.order_id = o.id cross join lateral (
    select sum(amount) filter (where kind = 'charge')::text as charged,
      sum(amount) filter (where kind = 'refund')::text as refunded
    from payments where payments.order_id = o.id) p`;

function viewOf(record: OrderRecord): OrderView {
  const money = (amount: string): Money => ({ amount, currency: record.currency });
  const cents = (amount: string | null) => (amount === null ? null : centsOf(amount));
  return {
    id: record.id,
    userId: record.user_id,
    status: statusOf(record.state),
    total: money(record.total),
    lines: (record.lines ?? []).map(({ productId, name, quantity, price }) => ({
      productId,
      name,
      quantity,
      price: money(price),
    })),
    shipping: { name: record.recipient, address: record.address },
    payment: paymentOf(cents(record.charged), cents(record.refunded)),
    refunded: money(record.refunded ?? '0.00'),
    failure: record.failure,
    createdAt: record.created_at.toISOString(),
    updatedAt: record.updated_at.toISOString(),
  };
}

export async function viewOrder(sql: Sql, id: number): Promise<OrderView> {
  const [found] = await rows<OrderRecord>(sql, `${selectOrders} where o.id = $1`, [id]);
  if (found === undefined) throw noOrder(id);
  return viewOf(found);
}

export interface OrderFilter {
  customerId?: number | undefined;
  status?: OrderStatus | undefined;
  /** Placed then or later, and before `to`. */
  from?: string | undefined;
  to?: string | undefined;
  /** A part of an ordered product's name. */
  q?: string | undefined;
  limit: number;
  cursor?: string | undefined;
}

/** Not all that is a time is one to the database: it has no year 0, and no suffix after the offset. */
function instantOf(text: string): string {
  if (!/^[12]\d{3}-[^[]*$/.test(text)) throw refuse('bad-request', 'The time is out of range.');
  return text;
}

/** The newest first. */
export async function listOrders(
  sql: Sql,
  filter: OrderFilter,
): Promise<{ items: OrderView[]; nextCursor: string | null }> {
  const parameters: unknown[] = [];
  const value = (parameter: unknown) => `$${parameters.push(parameter)}`;
  const where = ['true'];
  if (filter.customerId !== undefined) where.push(`o.user_id = ${value(filter.customerId)}`);
  if (filter.status !== undefined) where.push(`o.state = any(${value(statesOf(filter.status))}::text[])`);
  if (filter.from !== undefined) where.push(`o.created_at >= ${value(instantOf(filter.from))}::timestamptz`);
  if (filter.to !== undefined) where.push(`o.created_at < ${value(instantOf(filter.to))}::timestamptz`);
  if (filter.q !== undefined) {
    const pattern = `%${filter.q.replaceAll(/[\\%_]/g, '\\$&')}%`;
    where.push(
      `exists (select from order_lines l where l.order_id = o.id and l.name ilike ${value(pattern)}::text)`,
    );
  }
  if (filter.cursor !== undefined) where.push(`o.id < ${value(readIdCursor(filter.cursor))}`);
  const found = await rows<OrderRecord>(
    sql,
    `${selectOrders} where ${where.join(' and ')} order by o.id desc limit ${value(filter.limit + 1)}`,
    parameters,
  );
  const items = found.slice(0, filter.limit).map(viewOf);
  const last = items.at(-1);
  return {
    items,
    nextCursor: found.length > filter.limit && last !== undefined ? writeIdCursor(last.id) : null,
  };
}

export async function trackingOf(sql: Sql, { id, status }: Pick<OrderView, 'id' | 'status'>) {
  const found = await rows<{ event: string; place: string; at: Date }>(
    sql,
    `select event, place, occurred_at as at from parcel_events where order_id = $1 order by occurred_at, event`,
    [id],
  );
  return {
    orderId: id,
    status,
    events: found.map(({ at, ...event }) => ({ ...event, at: at.toISOString() })),
  };
}

export async function historyOf(sql: Sql, { id, status }: Pick<OrderView, 'id' | 'status'>) {
  const found = await rows<{ state: OrderState; reason: string; at: Date }>(
    sql,
    'select state, reason, created_at as at from order_history where order_id = $1 order by version',
    [id],
  );
  return {
    orderId: id,
    status,
    steps: found.map(({ state, reason, at }) => ({
      step: state,
      status: statusOf(state),
      reason,
      at: at.toISOString(),
    })),
  };
}
