import { errorCodeOf } from '#kernel/errors.ts';
import { productEvent } from '../rules/event.ts';
import { Refusal } from '../rules/refusal.ts';
import { noProduct } from './products.ts';
import { constraintOf, rows, type Sql } from '#kernel/db/statements.ts';

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
  sql: Sql,
  { adjustmentId, productId, delta, reason }: Adjustment,
): Promise<{ first: boolean; adjustment: AdjustmentView }> {
  const [recorded] = await rows<{ created_at: Date }>(
    sql,
    `insert into stock_adjustments (id, product_id, delta, reason)
     select $1::uuid, p.id, $3::int, $4::text from products p where p.id = $2
     on conflict (id) do nothing returning created_at`,
    [adjustmentId, productId, delta, reason],
  );
  const asked = { adjustmentId: adjustmentId.toLowerCase(), productId, delta, reason };
  if (recorded === undefined) {
    const product = await rows(sql, 'select 1 from products where id = $1', [productId]);
    if (product.length === 0) throw noProduct(productId);
    return { first: false, adjustment: await sameBefore(sql, asked) };
  }
  if (!(await moveOnHand(sql, asked))) {
    // A product that never had stock.
    await rows(sql, 'insert into stock_levels (product_id) values ($1) on conflict (product_id) do nothing', [
      productId,
    ]);
    await moveOnHand(sql, asked);
  }
  return { first: true, adjustment: { ...asked, createdAt: recorded.created_at.toISOString() } };
}

/** Moves the level and tells of it; false where there is none. The table's own check says how low it may go. */
async function moveOnHand(sql: Sql, asked: Adjustment): Promise<boolean> {
  const { aggregateType, aggregateId, type, payload } = productEvent('stock.adjusted', asked.productId, {
    ...asked,
  });
  try {
    const moved = await rows(
      sql,
      `with level as (
         update stock_levels set on_hand = on_hand + $2::int where product_id = $1 returning on_hand
       ), event as (
         insert into outbox (aggregate_type, aggregate_id, type, payload)
         select $3, $4, $5, $6::jsonb || jsonb_build_object('onHand', on_hand) from level
       )
       select 1 from level`,
      [asked.productId, asked.delta, aggregateType, aggregateId, type, JSON.stringify(payload)],
    );
    return moved.length > 0;
  } catch (error) {
    throw refusalOf(error);
  }
}

function refusalOf(error: unknown): unknown {
  const code = errorCodeOf(error);
  if (code === '23514' && constraintOf(error) === 'stock_levels_bounds') {
    return new Refusal(
      'stock-below-reserved',
      'Less than what is reserved would be left on hand.',
      {},
      error,
    );
  }
  // 22003: it does not fit the column.
  if (code === '22003') return new Refusal('bad-request', 'The quantity is out of range.', {}, error);
  return error;
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
