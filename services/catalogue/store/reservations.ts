import { reservationEvent } from '../rules/event.ts';
import { Refusal } from '../rules/refusal.ts';
import {
  decideMove,
  sameLines,
  type ReservationLine,
  type ReservationMove,
  type ReservationStatus,
  type StockEffect,
} from '../rules/reservation.ts';
import { holdLines, lockLevels, settleReservations } from './reserved-stock.ts';
import { rows, type Sql } from '#kernel/db/statements.ts';

export interface ReservationView {
  id: string;
  state: ReservationStatus;
  /** In product-id order. */
  lines: ReservationLine[];
  expiresAt: string;
  createdAt: string;
}

export interface ReservationRequest {
  id: string;
  /** Normalised. */
  lines: readonly ReservationLine[];
  ttlSeconds: number;
  userId: string;
}

interface ReservationRecord {
  id: string;
  status: ReservationStatus;
  expires_at: Date;
  created_at: Date;
  due: boolean;
  lines: ReservationLine[];
}

const select = `select r.id, r.status, r.expires_at, r.created_at, r.expires_at <= clock_timestamp() as due,
  (select coalesce(json_agg(json_build_object('productId', l.product_id, 'quantity', l.quantity) order by l.product_id), '[]')
   from reservation_lines l where l.reservation_id = r.id) as lines
  from reservations r where r.id = $1`;

export async function findReservation(sql: Sql, id: string): Promise<ReservationView | undefined> {
  const [row] = await rows<ReservationRecord>(sql, select, [id]);
  return row && viewOf(row);
}

/** Holds all lines or none. The reservation's row, inserted first, is what makes a repeated request wait and find it. */
export async function reserve(
  sql: Sql,
  { id, lines, ttlSeconds, userId }: ReservationRequest,
): Promise<{ first: boolean; reservation: ReservationView }> {
  const [inserted] = await rows<Pick<ReservationRecord, 'expires_at' | 'created_at'>>(
    sql,
    `insert into reservations (id, status, expires_at, user_id)
     values ($1, 'held', now() + make_interval(secs => $2), $3) on conflict (id) do nothing
     returning expires_at, created_at`,
    [id, ttlSeconds, userId],
  );
  if (inserted === undefined) return { first: false, reservation: await heldBefore(sql, id, lines) };
  const productIds = lines.map((line) => line.productId);
  const levels = new Map((await lockLevels(sql, productIds)).map((level) => [level.productId, level]));
  if (!productIds.every((productId) => levels.get(productId)?.active)) await requireForSale(sql, productIds);
  const shortages = lines.flatMap(({ productId, quantity }) => {
    const level = levels.get(productId);
    const available = level ? level.onHand - level.reserved : 0;
    return available < quantity ? [{ productId, requested: quantity, available }] : [];
  });
  if (shortages.length > 0) {
    const short = shortages.map(({ productId }) => productId).join(', ');
    throw new Refusal('out-of-stock', `Not enough is available of product ${short}.`, { shortages });
  }
  await holdLines(sql, id, lines, [reservationEvent(id, 'held', lines)]);
  return { first: true, reservation: viewOf({ id, status: 'held', lines: [...lines], ...inserted }) };
}

export type MoveOutcome =
  { kind: 'moved'; reservation: ReservationView } | { kind: 'refused'; refusal: Refusal };

/**
 * Commits or releases. A refusal is returned, not thrown: expiring a hold whose time was over is part of the answer
 * and must be committed.
 */
export async function moveReservation(
  sql: Sql,
  id: string,
  move: Exclude<ReservationMove, 'expire'>,
): Promise<MoveOutcome> {
  const [row] = await rows<ReservationRecord>(sql, `${select} for update of r`, [id]);
  if (row === undefined) throw noReservation(id);
  const decision = decideMove(row.status, move, { due: row.due });
  if (decision.kind === 'already') return { kind: 'moved', reservation: viewOf(row) };
  if (decision.kind === 'apply') {
    await settle(sql, row, decision.status, decision.effect);
    return { kind: 'moved', reservation: viewOf({ ...row, status: decision.status }) };
  }
  let state = row.status;
  const expiry = decideMove(row.status, 'expire', { due: row.due });
  if (row.due && expiry.kind === 'apply') {
    await settle(sql, row, expiry.status, expiry.effect);
    state = expiry.status;
  }
  const detail = `The reservation is ${state}; it cannot be ${move === 'commit' ? 'committed' : 'released'}.`;
  return { kind: 'refused', refusal: new Refusal('illegal-move', detail, { state }) };
}

/** Expires at most `batch` holds whose time is over; those that somebody is moving now are left to them. */
export async function expireDue(sql: Sql, batch = 100): Promise<number> {
  const due = await rows<{ id: string }>(
    sql,
    `select id from reservations where status = 'held' and expires_at <= clock_timestamp()
     order by expires_at limit $1 for update skip locked`,
    [batch],
  );
  if (due.length === 0) return 0;
  const ids = due.map((row) => row.id);
  const lines = await rows<ReservationLine & { id: string }>(
    sql,
    `select reservation_id as id, product_id as "productId", quantity from reservation_lines
     where reservation_id = any($1::uuid[]) order by product_id`,
    [ids],
  );
  const quantities = new Map<number, number>();
  for (const { productId, quantity } of lines) {
    quantities.set(productId, (quantities.get(productId) ?? 0) + quantity);
  }
  const totals = [...quantities].map(([productId, quantity]) => ({ productId, quantity }));
  await settleReservations(
    sql,
    ids,
    'expired',
    totals,
    { onHand: 0, reserved: -1 },
    ids.map((id) =>
      reservationEvent(
        id,
        'expired',
        lines.filter((line) => line.id === id).map(({ productId, quantity }) => ({ productId, quantity })),
      ),
    ),
  );
  return ids.length;
}

async function settle(
  sql: Sql,
  row: ReservationRecord,
  status: ReservationStatus,
  effect: StockEffect,
): Promise<void> {
  await settleReservations(sql, [row.id], status, row.lines, effect, [
    reservationEvent(row.id, status, row.lines),
  ]);
}

async function heldBefore(sql: Sql, id: string, lines: readonly ReservationLine[]): Promise<ReservationView> {
  const existing = await requireReservation(sql, id);
  if (!sameLines(existing.lines, lines)) {
    throw new Refusal('reservation-conflict', 'This reservation id holds other lines.');
  }
  return existing;
}

async function requireForSale(sql: Sql, productIds: readonly number[]): Promise<void> {
  const found = await rows<{ id: number }>(
    sql,
    `select id from products where id = any($1::int[]) and status = 'active'`,
    [productIds],
  );
  const forSale = new Set(found.map((row) => row.id));
  const unknown = productIds.find((id) => !forSale.has(id));
  if (unknown !== undefined) {
    throw new Refusal('unknown-product', `There is no active product ${unknown}.`, { productId: unknown });
  }
}

async function requireReservation(sql: Sql, id: string): Promise<ReservationView> {
  const reservation = await findReservation(sql, id);
  if (reservation === undefined) throw noReservation(id);
  return reservation;
}

export function noReservation(id: string): Refusal {
  return new Refusal('not-found', `There is no reservation ${id}.`);
}

function viewOf(row: Omit<ReservationRecord, 'due'>): ReservationView {
  return {
    id: row.id,
    state: row.status,
    lines: row.lines,
    expiresAt: row.expires_at.toISOString(),
    createdAt: row.created_at.toISOString(),
  };
}
