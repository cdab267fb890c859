import { createHash } from 'node:crypto';
import type { DataSource, EntityManager } from 'typeorm';
import { row, rows, type Sql } from '../db/sql.ts';
import { unit } from '../db/unit.ts';
import { notFound, ShopError } from '../http/problem.ts';
import { amountOf } from '../money.ts';
import { statusOf, type OrderCode } from './order-rules.ts';
import { touch } from './order-store.ts';
import {
  planRefund,
  refundStatusOf,
  type RefundCode,
  type RefundLine,
  type RefundStatus,
  type WantedLine,
} from './refund-rules.ts';

interface Money {
  amount: string;
  currency: string;
}

export interface Refund {
  id: number;
  orderId: number;
  status: RefundStatus;
  amount: Money;
  reason: string;
  lines: { productId: number; quantity: number; amount: Money; restock: boolean }[];
  createdAt: string;
  updatedAt: string;
}

/** What the steps of a refund need to know of it. */
export interface RefundWork {
  id: number;
  orderId: number;
  code: RefundCode;
  amountCents: number;
  reason: string;
  currency: string;
  lines: RefundLine[];
  createdAt: Date;
  updatedAt: Date;
}

const selectRefunds = `
  select r.rfd_id as id, r.ord_id as "orderId", r.stat_cd as code, r.amt_cents::float8 as "amountCents", r.rsn as reason,
    o.curr_cd as currency, r.crt_dt as "createdAt", r.upd_dt as "updatedAt",
    (select json_agg(json_build_object('productId', l.prod_id, 'quantity', l.qty, 'amountCents', l.amt_cents,
       'restock', l.rstk = 'Y') order by l.prod_id) from rfd_ln l where l.rfd_id = r.rfd_id) as lines
  from rfd r join ord o using (ord_id)`;

export async function loadRefund(sql: Sql, id: number): Promise<RefundWork> {
  const found = await row<RefundWork>(sql, `${selectRefunds} where r.rfd_id = $1`, [id]);
  if (found === undefined) throw notFound(`refund ${id}`);
  return found;
}

export async function listRefunds(sql: Sql, orderId: number): Promise<Refund[]> {
  const found = await rows<RefundWork>(sql, `${selectRefunds} where r.ord_id = $1 order by r.rfd_id`, [
    orderId,
  ]);
  return found.map(presentRefund);
}

export function presentRefund({ code, amountCents, currency, ...refund }: RefundWork): Refund {
  const money = (cents: number): Money => ({ amount: amountOf(cents), currency });
  return {
    id: refund.id,
    orderId: refund.orderId,
    status: refundStatusOf(code),
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
  body: { reason: string; lines: WantedLine[] };
}

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
export async function openRefund(db: DataSource, request: RefundRequest): Promise<number> {
  const { orderId, idempotencyKey, body } = request;
  return unit(db, async (tx) => {
    // Refunds of one order are opened one after the other.
    const order = await row<{ code: OrderCode }>(
      tx,
      'select stat_cd as code from ord where ord_id = $1 for update',
      [orderId],
    );
    if (order === undefined) throw notFound(`order ${orderId}`);
    const before = await ofKey(tx, request);
    if (before !== undefined) return before;
    if (order.code !== 'S' && order.code !== 'D') {
      throw new ShopError(
        'illegal-move',
        `The order is ${statusOf(order.code)}; its lines cannot be refunded.`,
      );
    }
    const plan = planRefund(await soldLines(tx, orderId), await refundedQuantities(tx, orderId), body.lines);
    if ('refused' in plan) throw refusal(plan.refused, plan.productId);
    const inserted = await row<{ id: number }>(
      tx,
      `insert into rfd (ord_id, amt_cents, rsn, idem_key, req_hsh) values ($1, $2, $3, $4, $5) returning rfd_id as id`,
      [orderId, plan.amountCents, body.reason, idempotencyKey, fingerprint(body)],
    );
    const id = inserted?.id ?? 0;
    await tx.query(
      `insert into rfd_ln (rfd_id, prod_id, qty, amt_cents, rstk)
       select $1, * from unnest($2::int[], $3::int[], $4::bigint[], $5::text[])`,
      [
        id,
        plan.lines.map(({ productId }) => productId),
        plan.lines.map(({ quantity }) => quantity),
        plan.lines.map(({ amountCents }) => amountCents),
        plan.lines.map(({ restock }) => (restock ? 'Y' : 'N')),
      ],
    );
    const told = plan.lines.map(({ productId, quantity }) => ({ productId, quantity }));
    await touch(tx, orderId, 'order.refund-opened', {
      refundId: id,
      amountCents: plan.amountCents,
      lines: told,
    });
    return id;
  });
}

async function ofKey(tx: EntityManager, request: RefundRequest): Promise<number | undefined> {
  const found = await row<{ id: number; hash: string }>(
    tx,
    'select rfd_id as id, req_hsh as hash from rfd where ord_id = $1 and idem_key = $2',
    [request.orderId, request.idempotencyKey],
  );
  if (found !== undefined && found.hash !== fingerprint(request.body)) {
    throw new ShopError('idempotency-key-reused', 'This key came with another body before. Use a new key.');
  }
  return found?.id;
}

const soldLines = (tx: EntityManager, orderId: number) =>
  rows<{ productId: number; quantity: number; priceCents: number }>(
    tx,
    'select prod_id as "productId", qty as quantity, price_cents as "priceCents" from ord_ln where ord_id = $1',
    [orderId],
  );

async function refundedQuantities(tx: EntityManager, orderId: number): Promise<Map<number, number>> {
  const found = await rows<{ productId: number; quantity: number }>(
    tx,
    `select l.prod_id as "productId", sum(l.qty)::int as quantity
     from rfd_ln l join rfd r using (rfd_id) where r.ord_id = $1 group by l.prod_id`,
    [orderId],
  );
  return new Map(found.map(({ productId, quantity }) => [productId, quantity]));
}

function refusal(code: 'bad-request' | 'unknown-product' | 'refund-exceeds', productId: number): ShopError {
  if (code === 'bad-request') return new ShopError(code, `Product ${productId} is named twice.`);
  if (code === 'unknown-product') return new ShopError(code, `The order has no product ${productId}.`);
  return new ShopError(code, `Less of product ${productId} is left to be refunded.`);
}

/** Refunds after `afterId` that nobody has moved for a while. */
export const stalledRefunds = (sql: Sql, stalledSeconds: number, afterId: number, limit: number) =>
  rows<{ id: number; userId: number }>(
    sql,
    `select r.rfd_id as id, o.usr_id as "userId" from rfd r join ord o using (ord_id) where r.stat_cd <> 'D'
       and r.upd_dt < now() - make_interval(secs => $1) and r.rfd_id > $2 order by r.rfd_id limit $3`,
    [stalledSeconds, afterId, limit],
  );
