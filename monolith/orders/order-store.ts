import type { DataSource, EntityManager } from 'typeorm';
import { row, rows, type Sql } from '../db/sql.ts';
import { unit } from '../db/unit.ts';
import { notFound } from '../http/problem.ts';
import { emitOrder, eventOf, type OrderEventType } from './events.ts';
import { mayMove, unfinished, type OrderCode } from './order-rules.ts';

/** What the steps of an order need to know of it. */
export interface OrderWork {
  id: number;
  userId: number;
  code: OrderCode;
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
  lines: { productId: number; quantity: number }[];
  answer: { status: number; body: string } | undefined;
}

interface OrderWorkRecord {
  ord_id: number;
  usr_id: number;
  stat_cd: OrderCode;
  tot_cents: string;
  curr_cd: string;
  rsv_id: string | null;
  pay_tok: string | null;
  fail_cd: string | null;
  ans_cd: number | null;
  ans_body: string | null;
  charge: string | null;
  tried: boolean;
  refunded: string;
  age: number;
  lines: { productId: number; quantity: number }[] | null;
}

export async function loadWork(sql: Sql, id: number): Promise<OrderWork> {
  const found = await row<OrderWorkRecord>(
    sql,
    `select o.ord_id, o.usr_id, o.stat_cd, o.tot_cents, o.curr_cd, o.rsv_id, o.pay_tok, o.fail_cd, o.ans_cd, o.ans_body,
       extract(epoch from now() - o.crt_dt)::float8 as age,
       (select p.gw_ref from pay p where p.ord_id = o.ord_id and p.kind_cd = 'C') as charge,
       -- Orders from before there was a history may have been.
       exists (select from ord_hst h where h.ord_id = o.ord_id and h.stat_cd = 'R')
         or not exists (select from ord_hst h where h.ord_id = o.ord_id) as tried,
       (select coalesce(sum(r.amt_cents), 0) from rfd r where r.ord_id = o.ord_id) as refunded,
       (select json_agg(json_build_object('productId', l.prod_id, 'quantity', l.qty) order by l.prod_id)
        from ord_ln l where l.ord_id = o.ord_id) as lines
     from ord o where o.ord_id = $1`,
    [id],
  );
  if (found === undefined) throw notFound(`order ${id}`);
  return {
    id: found.ord_id,
    userId: found.usr_id,
    code: found.stat_cd,
    totalCents: Number(found.tot_cents),
    currency: found.curr_cd,
    reservationId: found.rsv_id,
    cardToken: found.pay_tok,
    failure: found.fail_cd,
    chargeReference: found.charge,
    triedToCharge: found.tried,
    refundedCents: Number(found.refunded),
    ageSeconds: found.age,
    lines: found.lines ?? [],
    answer:
      found.ans_cd === null || found.ans_body === null
        ? undefined
        : { status: found.ans_cd, body: found.ans_body },
  };
}

/**
 * Moves an order from one stored state to the next, with its history, its event and what else belongs to the move in the same
 * transaction. False when another process moved it first: a step may run twice at once, its move counts once.
 */
export function move(
  db: DataSource,
  id: number,
  from: OrderCode,
  to: OrderCode,
  also: (tx: EntityManager) => Promise<void> = async () => {},
  reason = '',
): Promise<boolean> {
  if (!mayMove(from, to)) throw new Error(`An order does not move from ${from} to ${to}.`);
  return unit(db, async (tx) => {
    const moved = await row<{ userId: number; version: number }>(
      tx,
      `update ord set stat_cd = $3, upd_dt = now(), ver_no = ver_no + 1 where ord_id = $1 and stat_cd = $2
       returning usr_id as "userId", ver_no::float8 as version`,
      [id, from, to],
    );
    if (moved === undefined) return false;
    await noteState(tx, { id, code: to, ...moved }, reason);
    await also(tx);
    return true;
  });
}

/** The history's entry, and the event, of a state that the order has just reached. */
export async function noteState(
  tx: EntityManager,
  order: { id: number; userId: number; code: OrderCode; version: number },
  reason: string,
  payload: Record<string, unknown> = {},
): Promise<void> {
  await tx.query('insert into ord_hst (ord_id, ver_no, stat_cd, rsn) values ($1, $2, $3, $4)', [
    order.id,
    order.version,
    order.code,
    reason,
  ]);
  const told = reason === '' ? payload : { ...payload, reason };
  await emitOrder(tx, eventOf(order.code), order, told);
}

/** Counts and tells of a change that leaves the order in its state. */
export async function touch(
  tx: Sql,
  id: number,
  type: OrderEventType,
  payload: Record<string, unknown>,
): Promise<void> {
  const touched = await row<{ userId: number; code: OrderCode; version: number }>(
    tx,
    `update ord set ver_no = ver_no + 1, upd_dt = now() where ord_id = $1
     returning usr_id as "userId", stat_cd as code, ver_no::float8 as version`,
    [id],
  );
  if (touched !== undefined) await emitOrder(tx, type, { id, ...touched }, payload);
}

export async function notePayment(
  tx: EntityManager,
  payment: {
    orderId: number;
    kind: 'C' | 'R';
    amountCents: number;
    reference: string;
    /** A refund by lines; all others are the only one of their kind. */
    refundId?: number;
  },
): Promise<void> {
  await tx.query(
    `insert into pay (ord_id, kind_cd, mv_no, amt_cents, gw_ref) values ($1, $2, $3, $4, $5) on conflict do nothing`,
    [payment.orderId, payment.kind, payment.refundId ?? 0, payment.amountCents, payment.reference],
  );
}

/** Whether it is new: the same event again is no error. */
export async function noteEvent(
  tx: EntityManager,
  id: number,
  event: string,
  place: string,
): Promise<boolean> {
  const noted = await rows(
    tx,
    'insert into trk (ord_id, ev_cd, loc) values ($1, $2, $3) on conflict (ord_id, ev_cd) do nothing returning ord_id',
    [id, event, place],
  );
  return noted.length > 0;
}

export async function noteAnswer(
  tx: EntityManager,
  id: number,
  status: number,
  body: unknown,
): Promise<void> {
  // The card's token has done its work.
  await tx.query('update ord set ans_cd = $2, ans_body = $3, pay_tok = null where ord_id = $1', [
    id,
    status,
    JSON.stringify(body),
  ]);
}

export async function restoreCart(tx: EntityManager, order: OrderWork): Promise<void> {
  await tx.query(
    `insert into cart_itm (usr_id, prod_id, qty) select $2, prod_id, qty from ord_ln where ord_id = $1
     on conflict (usr_id, prod_id) do nothing`,
    [order.id, order.userId],
  );
}

/** Orders after `afterId` that nobody has moved for a while although something is left to do. */
export const stalledOrders = (sql: Sql, stalledSeconds: number, afterId: number, limit: number) =>
  rows<{ ord_id: number; usr_id: number }>(
    sql,
    // The list of states is written out so that the partial index serves it.
    `select ord_id, usr_id from ord where stat_cd in (${unfinished.map((code) => `'${code}'`).join(', ')})
       and upd_dt < now() - make_interval(secs => $1) and ord_id > $2 order by ord_id limit $3`,
    [stalledSeconds, afterId, limit],
  );
