import type { DomainEvent } from '../rules/event.ts';
import type { ReservationLine, ReservationStatus, StockEffect } from '../rules/reservation.ts';
import { publishing, textOf } from '#kernel/db/outbox.ts';
import { rows, type Sql } from '#kernel/db/statements.ts';

export interface LockedLevel {
  productId: number;
  onHand: number;
  reserved: number;
  /** Its product is for sale. */
  active: boolean;
}

/** Locks stock rows in product-id order, whoever asks: two callers never wait for each other in a ring. */
export function lockLevels(sql: Sql, productIds: readonly number[]): Promise<LockedLevel[]> {
  return rows<LockedLevel>(
    sql,
    `select s.product_id as "productId", s.on_hand as "onHand", s.reserved, p.status = 'active' as active
     from stock_levels s join products p on p.id = s.product_id
     where s.product_id = any($1::int[]) order by s.product_id for update of s`,
    [productIds],
  );
}

/** Writes a reservation's lines, adds them to what is reserved and tells of it; the levels are locked already. */
export async function holdLines(
  sql: Sql,
  id: string,
  lines: readonly ReservationLine[],
  events: readonly DomainEvent[],
): Promise<void> {
  await rows(
    sql,
    `with line as (
       insert into reservation_lines (reservation_id, product_id, quantity)
       select $1::uuid, product_id, quantity from unnest($2::int[], $3::int[]) as l (product_id, quantity)
     ), event as (${publishing('$4')})
     update stock_levels s set reserved = s.reserved + l.quantity
     from unnest($2::int[], $3::int[]) as l (product_id, quantity) where s.product_id = l.product_id`,
    [id, ...columnsOf(lines), textOf(events)],
  );
}

/** Moves reservations to their end, with what that does to their products' stock, and tells of it. */
export async function settleReservations(
  sql: Sql,
  ids: readonly string[],
  status: ReservationStatus,
  lines: readonly ReservationLine[],
  effect: StockEffect,
  events: readonly DomainEvent[],
): Promise<void> {
  await lockLevels(
    sql,
    lines.map((line) => line.productId),
  );
  await rows(
    sql,
    `with moved as (
       update reservations set status = $2 where id = any($1::uuid[])
     ), event as (${publishing('$7')})
     update stock_levels s set on_hand = s.on_hand + $5 * l.quantity, reserved = s.reserved + $6 * l.quantity
     from unnest($3::int[], $4::int[]) as l (product_id, quantity) where s.product_id = l.product_id`,
    [ids, status, ...columnsOf(lines), effect.onHand, effect.reserved, textOf(events)],
  );
}

function columnsOf(lines: readonly ReservationLine[]): [number[], number[]] {
  return [lines.map((line) => line.productId), lines.map((line) => line.quantity)];
}
