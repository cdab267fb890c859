import { createHash } from 'node:crypto';
import { rows, type Sql } from '#kernel/db/statements.ts';
import { amountOf, centsOf, type Money } from '../rules/money.ts';
import { statusOf, type OrderState } from '../rules/order.ts';
import { planRefund, type RefundLine, type RefundState, type WantedLine } from '../rules/refund.ts';
import { noOrder, refuse } from '../rules/refusal.ts';
import { touch } from './order-work.ts';

/** What the steps of a refund need to know of it. */
export interface RefundWork {
  id: number;
  orderId: number;
  state: RefundState;
  amountCents: number;
  reason: string;
  currency: string;
  lines: RefundLine[];
  createdAt: Date;
  updatedAt: Date;
}

type RefundRecord = Omit<RefundWork, 'amountCents' | 'lines'> & {
  amount: string;
  lines: { productId: number; quantity: number; amount: string; restock: boolean }[];
};

const selectRefunds = `
  select r.id, r.order_id as "orderId", r.state, r.amount, r.reason, o.currency, r.created_at as "createdAt",
    r.updated_at as "updatedAt",
    (select json_agg(json_build_object('productId', l.product_id, 'quantity', l.quantity, 'amount', l.amount::text,
       'restock', l.restock) order by l.product_id) from refund_lines l where l.refund_id = r.id) as lines
  from refunds r join orders o on o.id = r.order_id`;

const workOf = ({ amount, lines, ...refund }: RefundRecord): RefundWork => ({
  ...refund,
  amountCents: centsOf(amount),
  lines: lines.map(({ amount: ofLine, ...line }) => ({ ...line, amountCents: centsOf(ofLine) })),
});

export async function loadRefund(sql: Sql, id: number): Promise<RefundWork> {
  const [found] = await rows<RefundRecord>(sql, `${selectRefunds} where r.id = $1`, [id]);
  if (found === undefined) throw refuse('not-found', `There is no refund ${id}.`);
  return workOf(found);
}

export async function listRefunds(sql: Sql, orderId: number) {
  const found = await rows<RefundRecord>(sql, `${selectRefunds} where r.order_id = $1 order by r.id`, [
    orderId,
  ]);
  return found.map((record) => viewRefund(workOf(record)));
}

export function viewRefund({ amountCents, currency, ...refund }: RefundWork) {
  const money = (cents: number): Money => ({ amount: amountOf(cents), currency });
  return {
    id: refund.id,
    orderId: refund.orderId,
    status: refund.state,
    amount: money(amountCents),
    reason: refund.reason,
    lines: refund.lines.map(({ amountCents: cents, productId, quantity, restock }) => ({
      productId,
      quantity,
      amount: money(cents),
      restock,
    })),
    createdAt: refund.createdAt.toISOString(),
    updatedAt: refund.updatedAt.toISOString(),
  };
}

export interface RefundRequest {
  orderId: number;
  idempotencyKey: string;
  body: { reason: string; lines: readonly WantedLine[] };
}

/** Made as the monolith makes it: a request that is repeated after a move is the same one. */
const fingerprint = ({ reason, lines }: RefundRequest['body']): string =>
  createHash('sha256')
    .update(
      JSON.stringify([
        reason,
        lines.map(({ productId, quantity, restock = false }) => [productId, quantity, restock]),
      ]),
    )
    .digest('hex');

/** Finds the refund of an idempotency key, or writes it. No money has moved yet. Gives the refund's id. */
export async function openRefund(sql: Sql, request: RefundRequest): Promise<number> {
  const { orderId, idempotencyKey, body } = request;
  // Refunds of one order are opened one after the other.
  const [order] = await rows<{ state: OrderState }>(
    sql,
    'select state from orders where id = $1 for update',
    [orderId],
  );
  if (order === undefined) throw noOrder(orderId);
  const before = await ofKey(sql, request);
  if (before !== undefined) return before;
  if (order.state !== 'shipped' && order.state !== 'delivered') {
    throw refuse('illegal-move', `The order is ${statusOf(order.state)}; its lines cannot be refunded.`);
  }
  const plan = planRefund(await soldLines(sql, orderId), await refundedQuantities(sql, orderId), body.lines);
  if ('refused' in plan) throw refusal(plan.refused, plan.productId);
  const [inserted] = await rows<{ id: number }>(
    sql,
    `insert into refunds (order_id, amount, reason, idempotency_key, request_hash)
     values ($1, $2::bigint * 0.01, $3, $4, $5) returning id`,
    [orderId, plan.amountCents, body.reason, idempotencyKey, fingerprint(body)],
  );
  const id = inserted?.id ?? 0;
  await rows(
    sql,
    `insert into refund_lines (refund_id, product_id, quantity, amount, restock)
     select $1, product_id, quantity, cents * 0.01, restock
     from unnest($2::int[], $3::int[], $4::bigint[], $5::bool[]) as line (product_id, quantity, cents, restock)`,
    [
      id,
      plan.lines.map(({ productId }) => productId),
      plan.lines.map(({ quantity }) => quantity),
      plan.lines.map(({ amountCents }) => amountCents),
      plan.lines.map(({ restock }) => restock),
    ],
  );
  const lines = plan.lines.map(({ productId, quantity }) => ({ productId, quantity }));
  await touch(sql, orderId, 'order.refund-opened', { refundId: id, amountCents: plan.amountCents, lines });
  return id;
}

async function ofKey(sql: Sql, request: RefundRequest): Promise<number | undefined> {
  const [found] = await rows<{ id: number; hash: string }>(
    sql,
    'select id, request_hash as hash from refunds where order_id = $1 and idempotency_key = $2',
    [request.orderId, request.idempotencyKey],
  );
  if (found !== undefined && found.hash !== fingerprint(request.body)) {
    throw refuse('idempotency-key-reused', 'This key came with another body before. Use a new key.');
  }
  return found?.id;
}

async function soldLines(sql: Sql, orderId: number) {
  const found = await rows<{ productId: number; quantity: number; price: string }>(
    sql,
    'select product_id as "productId", quantity, unit_price as price from order_lines where order_id = $1',
    [orderId],
  );
  return found.map(({ price, ...line }) => ({ ...line, priceCents: centsOf(price) }));
}

async function refundedQuantities(sql: Sql, orderId: number): Promise<Map<number, number>> {
  const found = await rows<{ productId: number; quantity: number }>(
    sql,
    `select l.product_id as "productId", sum(l.quantity)::int as quantity
     from refund_lines l join refunds r on r.id = l.refund_id where r.order_id = $1 group by l.product_id`,
    [orderId],
  );
  return new Map(found.map(({ productId, quantity }) => [productId, quantity]));
}

function refusal(code: 'bad-request' | 'unknown-product' | 'refund-exceeds', productId: number) {
  if (code === 'bad-request') return refuse(code, `Product ${productId} is named twice.`);
  if (code === 'unknown-product') return refuse(code, `The order has no product ${productId}.`);
  return refuse(code, `Less of product ${productId} is left to be refunded.`);
}

/** False when another process moved it first. */
export async function moveRefund(sql: Sql, refund: RefundWork, to: RefundState): Promise<boolean> {
  const moved = await rows(
    sql,
    'update refunds set state = $3, updated_at = now() where id = $1 and state = $2 returning id',
    [refund.id, refund.state, to],
  );
  return moved.length > 0;
}

/** Refunds after `afterId` that nobody has moved for a while. */
export const stalledRefunds = (sql: Sql, stalledMs: number, afterId: number, limit: number) =>
  rows<{ id: number }>(
    sql,
    `select id from refunds where state <> 'done'
       and updated_at < now() - make_interval(secs => $1::float8 / 1000) and id > $2 order by id limit $3`,
    [stalledMs, afterId, limit],
  );
