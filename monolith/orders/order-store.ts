import type { DataSource, EntityManager } from 'typeorm';
import { row, rows, type Sql } from '../db/sql.ts';
import { unit } from '../db/unit.ts';
import { notFound } from '../http/problem.ts';
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
  charged: boolean;
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
  charged: boolean;
  lines: { productId: number; quantity: number }[] | null;
}

export async function loadWork(sql: Sql, id: number): Promise<OrderWork> {
  const found = await row<OrderWorkRecord>(
    sql,
    `select o.ord_id, o.usr_id, o.stat_cd, o.tot_cents, o.curr_cd, o.rsv_id, o.pay_tok, o.fail_cd, o.ans_cd, o.ans_body,
       exists (select from pay p where p.ord_id = o.ord_id and p.kind_cd = 'C') as charged,
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
    charged: found.charged,
    lines: found.lines ?? [],
    answer:
      found.ans_cd === null || found.ans_body === null
        ? undefined
        : { status: found.ans_cd, body: found.ans_body },
  };
}

/**
 * Moves an order from one stored state to the next, with what belongs to the move in the same transaction. False when
 * another process moved it first: a step may run twice at once, its move counts once.
 */
export function move(
  db: DataSource,
  id: number,
  from: OrderCode,
  to: OrderCode,
  also: (tx: EntityManager) => Promise<void> = async () => {},
): Promise<boolean> {
  if (!mayMove(from, to)) throw new Error(`An order does not move from ${from} to ${to}.`);
  return unit(db, async (tx) => {
    const moved = await rows(
      tx,
      'update ord set stat_cd = $3, upd_dt = now() where ord_id = $1 and stat_cd = $2 returning ord_id',
      [id, from, to],
    );
    if (moved.length === 0) return false;
    await also(tx);
    return true;
  });
}

export async function notePayment(tx: EntityManager, order: OrderWork, kind: 'C' | 'R', reference: string) {
  await tx.query(
    'insert into pay (ord_id, kind_cd, amt_cents, gw_ref) values ($1, $2, $3, $4) on conflict do nothing',
    [order.id, kind, order.totalCents, reference],
  );
}

export async function noteEvent(tx: EntityManager, id: number, event: string, place: string): Promise<void> {
  await tx.query(
    'insert into trk (ord_id, ev_cd, loc) values ($1, $2, $3) on conflict (ord_id, ev_cd) do nothing',
    [id, event, place],
  );
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

/** Orders that nobody has moved for a while although something is left to do. */
export const stalledOrders = (sql: Sql, afterSeconds: number, limit: number) =>
  rows<{ ord_id: number; usr_id: number }>(
    sql,
    // The list of states is written out so that the partial index serves it.
    `select ord_id, usr_id from ord where stat_cd in (${unfinished.map((code) => `'${code}'`).join(', ')})
       and upd_dt < now() - make_interval(secs => $1) order by upd_dt limit $2`,
    [afterSeconds, limit],
  );
