import type { DataSource, EntityManager } from 'typeorm';
import { row, rows, type Sql } from '../db/sql.ts';
import { unit } from '../db/unit.ts';
import { notFound, ShopError } from '../http/problem.ts';
import {
  checkStock,
  illegalMove,
  orderedLines,
  sameLines,
  stateOf,
  type Line,
  type ReservationCode,
  type ReservationState,
  type StockAtHand,
} from './reservation-rules.ts';

export interface Reservation {
  id: string;
  state: ReservationState;
  lines: Line[];
  expiresAt: string;
  createdAt: string;
}

interface ReservationRecord {
  rsv_id: string;
  stat_cd: ReservationCode;
  exp_dt: Date;
  crt_dt: Date;
}

const linesOf = (sql: Sql, id: string) =>
  rows<Line>(
    sql,
    'select prod_id as "productId", qty as quantity from stk_rsv_ln where rsv_id = $1 order by prod_id',
    [id],
  );

const answerOf = (record: ReservationRecord, lines: Line[]): Reservation => ({
  id: record.rsv_id,
  state: stateOf(record.stat_cd),
  lines,
  expiresAt: record.exp_dt.toISOString(),
  createdAt: record.crt_dt.toISOString(),
});

export async function findReservation(sql: Sql, id: string): Promise<Reservation | undefined> {
  const found = await row<ReservationRecord>(sql, 'select * from stk_rsv where rsv_id = $1', [id]);
  return found && answerOf(found, await linesOf(sql, id));
}

async function present(sql: Sql, id: string): Promise<Reservation> {
  const found = await findReservation(sql, id);
  if (found === undefined) throw notFound(`reservation ${id}`);
  return found;
}

/** Locks in product-id order, here and wherever stock moves, so that two reservations never wait on each other in a ring. */
function lockStock(tx: EntityManager, productIds: readonly number[]): Promise<StockAtHand[]> {
  return rows<StockAtHand>(
    tx,
    `select s.prod_id as "productId", p.stat_cd = 'A' as active, s.qty_hand - s.qty_rsv as available
     from prod_stk s join prod p using (prod_id)
     where s.prod_id = any($1::int[]) order by s.prod_id for update of s`,
    [productIds],
  );
}

export interface Wanted {
  id: string;
  lines: readonly Line[];
  ttlSeconds: number;
  /** Subject of the token that asks. */
  holder: string;
}

/** Every move begins with a write, so that a side which no longer owns the tables refuses before it reads anything. */
export async function putReservation(
  db: DataSource,
  wanted: Wanted,
): Promise<{ first: boolean; reservation: Reservation }> {
  const lines = orderedLines(wanted.lines);
  return unit(db, async (tx) => {
    const inserted = await row<ReservationRecord>(
      tx,
      `insert into stk_rsv (rsv_id, exp_dt, usr_id) values ($1, now() + make_interval(secs => $2), $3)
       on conflict (rsv_id) do nothing returning *`,
      [wanted.id, wanted.ttlSeconds, wanted.holder],
    );
    if (inserted === undefined) {
      const before = await present(tx, wanted.id);
      if (!sameLines(before.lines, lines)) {
        throw new ShopError('reservation-conflict', 'This reservation id holds other lines.');
      }
      return { first: false, reservation: before };
    }
    const ids = lines.map(({ productId }) => productId);
    const quantities = lines.map(({ quantity }) => quantity);
    checkStock(lines, await lockStock(tx, ids));
    await tx.query(
      `with l as (select * from unnest($2::int[], $3::int[]) as l (prod_id, qty)),
       held as (insert into stk_rsv_ln (rsv_id, prod_id, qty) select $1, prod_id, qty from l)
       update prod_stk s set qty_rsv = s.qty_rsv + l.qty from l where s.prod_id = l.prod_id`,
      [wanted.id, ids, quantities],
    );
    return { first: true, reservation: answerOf(inserted, lines) };
  });
}

/** Moves a held reservation in its row alone; false when it was not in a state to be moved. */
async function leaveHeld(tx: EntityManager, id: string, to: ReservationCode, when: string): Promise<boolean> {
  const moved = await rows(
    tx,
    `update stk_rsv set stat_cd = $2 where rsv_id = $1 and stat_cd = 'H' and ${when} returning rsv_id`,
    [id, to],
  );
  return moved.length > 0;
}

/** Takes the lines out of what is reserved, and out of what is on hand when the goods leave. */
async function settle(tx: EntityManager, id: string, goodsLeave: boolean): Promise<void> {
  const lines = await linesOf(tx, id);
  await lockStock(
    tx,
    lines.map(({ productId }) => productId),
  );
  await tx.query(
    `update prod_stk s set qty_rsv = s.qty_rsv - l.qty ${goodsLeave ? ', qty_hand = s.qty_hand - l.qty' : ''}
     from stk_rsv_ln l where l.rsv_id = $1 and s.prod_id = l.prod_id`,
    [id],
  );
}

const due = 'exp_dt <= now()';
const inTime = 'exp_dt > now()';

export async function expireReservation(tx: EntityManager, id: string): Promise<boolean> {
  const expired = await leaveHeld(tx, id, 'E', due);
  if (expired) await settle(tx, id, false);
  return expired;
}

export async function commitReservation(db: DataSource, id: string): Promise<Reservation> {
  // The expiry of an overdue one must commit although the caller is refused: the refusal is thrown outside.
  const reservation = await unit(db, async (tx) => {
    if (await leaveHeld(tx, id, 'C', inTime)) await settle(tx, id, true);
    else await expireReservation(tx, id);
    return present(tx, id);
  });
  if (reservation.state !== 'committed') throw illegalMove('commit', reservation.state);
  return reservation;
}

export async function releaseReservation(db: DataSource, id: string): Promise<Reservation> {
  const reservation = await unit(db, async (tx) => {
    if (await leaveHeld(tx, id, 'R', 'true')) await settle(tx, id, false);
    return present(tx, id);
  });
  if (reservation.state !== 'released') throw illegalMove('release', reservation.state);
  return reservation;
}
