import type { ReservationLine, StockEffect } from '../rules/reservation.ts';
import { rows, type Sql } from './sql.ts';

export interface LockedLevel {
  productId: number;
  onHand: number;
  reserved: number;
}

/** Locks stock rows in product-id order, whoever asks: two callers never wait for each other in a ring. */
export function lockLevels(sql: Sql, productIds: readonly number[]): Promise<LockedLevel[]> {
  return rows<LockedLevel>(
    sql,
    `select product_id as "productId", on_hand as "onHand", reserved from stock_levels
     where product_id = any($1::int[]) order by product_id for update`,
    [productIds],
  );
}

/** Adds the lines to what is reserved; the rows are locked already. */
export async function reserveLines(sql: Sql, lines: readonly ReservationLine[]): Promise<void> {
  await moveLevels(sql, lines, 0, 1);
}

/** What a move of a reservation does to its products' stock. */
export async function settleLines(
  sql: Sql,
  lines: readonly ReservationLine[],
  effect: StockEffect,
): Promise<void> {
  await lockLevels(
    sql,
    lines.map((line) => line.productId),
  );
  await moveLevels(sql, lines, effect.onHand, effect.reserved);
}

async function moveLevels(
  sql: Sql,
  lines: readonly ReservationLine[],
  onHand: -1 | 0,
  reserved: -1 | 1,
): Promise<void> {
  await sql.query(
    `update stock_levels s
     set on_hand = s.on_hand + $3 * l.quantity, reserved = s.reserved + $4 * l.quantity
     from unnest($1::int[], $2::int[]) as l (product_id, quantity)
     where s.product_id = l.product_id`,
    [lines.map((line) => line.productId), lines.map((line) => line.quantity), onHand, reserved],
  );
}
