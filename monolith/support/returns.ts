import type { DataSource } from 'typeorm';
import { row, rows, type Sql } from '../db/sql.ts';
import { unit } from '../db/unit.ts';
import { notFound, ShopError, type ProblemCode } from '../http/problem.ts';
import { amountOf } from '../money.ts';
import { emitReturn } from './events.ts';
import {
  codeOfReturn,
  mayReturnMove,
  overReturned,
  returnStatusOf,
  sameReturn,
  type ReturnCode,
  type ReturnLine,
  type ReturnStatus,
} from './return-rules.ts';

export interface Return {
  id: string;
  ticketId: number;
  orderId: number;
  customerId: number;
  status: ReturnStatus;
  lines: ReturnLine[];
  reason: string;
  decidedBy: number | null;
  note: string | null;
  refund: { amount: string; currency: string } | null;
  failure: string | null;
  createdAt: string;
  updatedAt: string;
}

interface ReturnRow {
  ret_id: string;
  tkt_id: number;
  ord_id: number;
  usr_id: number;
  stat_cd: ReturnCode;
  rsn: string;
  dec_usr_id: number | null;
  dec_note: string | null;
  rfd_cents: string | null;
  fail_cd: string | null;
  crt_dt: Date;
  upd_dt: Date;
  lines: ReturnLine[] | null;
}

const select = `
  select r.ret_id, r.tkt_id, r.ord_id, r.usr_id, r.stat_cd, r.rsn, r.dec_usr_id, r.dec_note, r.rfd_cents, r.fail_cd,
    r.crt_dt, r.upd_dt,
    (select json_agg(json_build_object('productId', l.prod_id, 'quantity', l.qty) order by l.prod_id)
     from ret_ln l where l.ret_id = r.ret_id) as lines
  from ret r`;

const returnOf = (found: ReturnRow): Return => ({
  id: found.ret_id,
  ticketId: found.tkt_id,
  orderId: found.ord_id,
  customerId: found.usr_id,
  status: returnStatusOf(found.stat_cd),
  lines: found.lines ?? [],
  reason: found.rsn,
  decidedBy: found.dec_usr_id,
  note: found.dec_note,
  refund: found.rfd_cents === null ? null : { amount: amountOf(Number(found.rfd_cents)), currency: 'EUR' },
  failure: found.fail_cd,
  createdAt: found.crt_dt.toISOString(),
  updatedAt: found.upd_dt.toISOString(),
});

export async function findReturn(sql: Sql, id: string): Promise<Return | undefined> {
  const found = await row<ReturnRow>(sql, `${select} where r.ret_id = $1`, [id]);
  return found && returnOf(found);
}

export async function presentReturn(sql: Sql, id: string): Promise<Return> {
  const found = await findReturn(sql, id);
  if (found === undefined) throw notFound(`return ${id}`);
  return found;
}

export const returnsOf = async (sql: Sql, ticketId: number): Promise<Return[]> =>
  (await rows<ReturnRow>(sql, `${select} where r.tkt_id = $1 order by r.crt_dt, r.ret_id`, [ticketId])).map(
    returnOf,
  );

export interface NewReturn {
  id: string;
  ticketId: number;
  orderId: number;
  customerId: number;
  lines: readonly ReturnLine[];
  reason: string;
  /** The lines of the order. */
  bought: readonly ReturnLine[];
}

/** Notes a return once, however often it is sent. */
export function requestReturn(
  db: DataSource,
  wanted: NewReturn,
): Promise<{ first: boolean; request: Return }> {
  const { id, ticketId, orderId, customerId, lines, reason, bought } = wanted;
  return unit(db, async (tx) => {
    const inserted = await rows(
      tx,
      `insert into ret (ret_id, tkt_id, ord_id, usr_id, rsn) values ($1, $2, $3, $4, $5)
       on conflict (ret_id) do nothing returning ret_id`,
      [id, ticketId, orderId, customerId, reason],
    );
    if (inserted.length === 0)
      return { first: false, request: sameAgain(await presentReturn(tx, id), wanted) };
    // Two returns of one order are counted one after the other.
    await tx.query(`select pg_advisory_xact_lock(hashtext('returns'), $1)`, [orderId]);
    const claimed = await rows<ReturnLine>(
      tx,
      `select l.prod_id as "productId", l.qty as quantity from ret r join ret_ln l using (ret_id)
       where r.ord_id = $1 and r.stat_cd not in ('J', 'F')`,
      [orderId],
    );
    const over = overReturned(lines, bought, claimed);
    if (over !== undefined) {
      throw new ShopError(
        'over-returned',
        `Of product ${over.productId} ${Math.max(over.left, 0)} can be returned, not ${over.quantity}.`,
      );
    }
    await tx.query(
      'insert into ret_ln (ret_id, prod_id, qty) select $1, * from unnest($2::int[], $3::int[])',
      [id, lines.map(({ productId }) => productId), lines.map(({ quantity }) => quantity)],
    );
    const request = await presentReturn(tx, id);
    await emitReturn(tx, { ...request, version: 1 });
    return { first: true, request };
  });
}

export function sameAgain(before: Return, { ticketId, lines, reason }: Omit<NewReturn, 'bought'>): Return {
  if (before.ticketId !== ticketId || before.reason !== reason || !sameReturn(before.lines, lines))
    throw new ShopError('return-conflict', 'This return id was used with other content.');
  return before;
}

export interface ReturnMove {
  decidedBy?: number;
  note?: string | undefined;
  refundCents?: number;
  failure?: ProblemCode;
}

/** Moves a return by compare-and-set; false when it is not where it was. */
export function moveReturn(
  db: DataSource,
  id: string,
  from: ReturnStatus,
  to: ReturnStatus,
  { decidedBy, note, refundCents, failure }: ReturnMove = {},
): Promise<boolean> {
  if (!mayReturnMove(from, to)) throw new Error(`A return cannot go from ${from} to ${to}.`);
  return unit(db, async (tx) => {
    const moved = await row<{ version: number }>(
      tx,
      `update ret set stat_cd = $3, dec_usr_id = coalesce($4, dec_usr_id), dec_note = coalesce($5, dec_note),
         rfd_cents = coalesce($6, rfd_cents), fail_cd = coalesce($7, fail_cd), ver_no = ver_no + 1, upd_dt = now()
       where ret_id = $1 and stat_cd = $2 returning ver_no::int as version`,
      [
        id,
        codeOfReturn(from),
        codeOfReturn(to),
        decidedBy ?? null,
        note ?? null,
        refundCents ?? null,
        failure ?? null,
      ],
    );
    if (moved === undefined) return false;
    await emitReturn(tx, { ...(await presentReturn(tx, id)), version: moved.version });
    return true;
  });
}

/** Those that somebody began to settle and left. */
export const stalledReturns = async (sql: Sql, seconds: number, limit: number): Promise<string[]> =>
  (
    await rows<{ ret_id: string }>(
      sql,
      `select ret_id from ret where stat_cd in ('A', 'M') and upd_dt < now() - make_interval(secs => $1)
       order by upd_dt limit $2`,
      [seconds, limit],
    )
  ).map(({ ret_id }) => ret_id);
