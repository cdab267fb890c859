import type { EntityManager } from 'typeorm';
import { productEvent } from '../rules/event.ts';
import { Refusal } from '../rules/refusal.ts';
import { publish } from './outbox.ts';
import { noProduct } from './products.ts';
import { rows, type Sql } from './sql.ts';

export interface Availability {
  productId: number;
  onHand: number;
  reserved: number;
  available: number;
}

export interface Adjustment {
  adjustmentId: string;
  productId: number;
  delta: number;
  reason: string;
}

export interface AdjustmentView extends Adjustment {
  createdAt: string;
}

const maxOnHand = 2_147_483_647;

/** In product-id order; products that do not exist are left out. */
export function availabilities(sql: Sql, productIds: readonly number[]): Promise<Availability[]> {
  return rows<Availability>(
    sql,
    `select p.id as "productId", coalesce(s.on_hand, 0) as "onHand", coalesce(s.reserved, 0) as reserved,
       coalesce(s.on_hand - s.reserved, 0) as available
     from products p left join stock_levels s on s.product_id = p.id
     where p.id = any($1::int[]) order by p.id`,
    [productIds],
  );
}

/** Idempotent by the adjustment's id: the row that records it is what makes it happen once. */
export async function adjustStock(
  manager: EntityManager,
  { adjustmentId, productId, delta, reason }: Adjustment,
): Promise<{ first: boolean; adjustment: AdjustmentView }> {
  const product = await rows(manager, 'select 1 from products where id = $1', [productId]);
  if (product.length === 0) throw noProduct(productId);
  const [recorded] = await rows<{ created_at: Date }>(
    manager,
    `insert into stock_adjustments (id, product_id, delta, reason) values ($1, $2, $3, $4)
     on conflict (id) do nothing returning created_at`,
    [adjustmentId, productId, delta, reason],
  );
  const asked = { adjustmentId: adjustmentId.toLowerCase(), productId, delta, reason };
  if (recorded === undefined) return { first: false, adjustment: await sameBefore(manager, asked) };
  await manager.query(
    'insert into stock_levels (product_id) values ($1) on conflict (product_id) do nothing',
    [productId],
  );
  const [level] = await rows<{ on_hand: number; reserved: number }>(
    manager,
    'select on_hand, reserved from stock_levels where product_id = $1 for update',
    [productId],
  );
  const { on_hand: before, reserved } = level ?? { on_hand: 0, reserved: 0 };
  const onHand = before + delta;
  if (onHand < reserved) {
    throw new Refusal('stock-below-reserved', 'Less than what is reserved would be left on hand.');
  }
  if (onHand > maxOnHand) throw new Refusal('bad-request', 'The quantity is out of range.');
  await manager.query('update stock_levels set on_hand = $2 where product_id = $1', [productId, onHand]);
  await publish(manager, [productEvent('stock.adjusted', productId, { ...asked, onHand })]);
  return { first: true, adjustment: { ...asked, createdAt: recorded.created_at.toISOString() } };
}

async function sameBefore(sql: Sql, asked: Adjustment): Promise<AdjustmentView> {
  const [row] = await rows<{ product_id: number; delta: number; reason: string; created_at: Date }>(
    sql,
    'select product_id, delta, reason, created_at from stock_adjustments where id = $1',
    [asked.adjustmentId],
  );
  const same =
    row !== undefined &&
    row.product_id === asked.productId &&
    row.delta === asked.delta &&
    row.reason === asked.reason;
  if (!same) {
    throw new Refusal('adjustment-conflict', 'This adjustment id was used with other content.');
  }
  return { ...asked, createdAt: row.created_at.toISOString() };
}
