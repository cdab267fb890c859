import type { DataSource } from 'typeorm';
import { checkViolation, constraintOf, row, rows, sqlState, type Sql } from '../db/sql.ts';
import { unit } from '../db/unit.ts';
import { notFound, ShopError } from '../http/problem.ts';

export interface Availability {
  productId: number;
  onHand: number;
  reserved: number;
  available: number;
}

/** In product-id order; products that do not exist are left out. */
export function availability(sql: Sql, productIds: readonly number[]): Promise<Availability[]> {
  return rows<Availability>(
    sql,
    `select p.prod_id as "productId", coalesce(s.qty_hand, 0) as "onHand", coalesce(s.qty_rsv, 0) as reserved,
       coalesce(s.qty_hand - s.qty_rsv, 0) as available
     from prod p left join prod_stk s using (prod_id) where p.prod_id = any($1::int[]) order by p.prod_id`,
    [productIds],
  );
}

export interface Adjustment {
  adjustmentId: string;
  productId: number;
  delta: number;
  reason: string;
}

interface AdjustmentRecord {
  adj_id: string;
  prod_id: number;
  delta: number;
  rsn: string;
  crt_dt: Date;
}

/** Applies an adjustment once, however often it is sent. */
export async function adjustStock(db: DataSource, wanted: Adjustment) {
  try {
    return await unit(db, async (tx) => {
      // A product that is not there must not fail on the foreign key: the statement names both at once.
      const inserted = await row<AdjustmentRecord>(
        tx,
        `insert into stk_adj (adj_id, prod_id, delta, rsn)
         select $1, prod_id, $3, $4 from prod where prod_id = $2 on conflict (adj_id) do nothing returning *`,
        [wanted.adjustmentId, wanted.productId, wanted.delta, wanted.reason],
      );
      if (inserted !== undefined) {
        const changed = await rows(
          tx,
          'update prod_stk set qty_hand = qty_hand + $2 where prod_id = $1 returning prod_id',
          [wanted.productId, wanted.delta],
        );
        if (changed.length === 0) {
          await tx.query('insert into prod_stk (prod_id, qty_hand) values ($1, $2)', [
            wanted.productId,
            wanted.delta,
          ]);
        }
        return { first: true, adjustment: answerOf(inserted) };
      }
      const before = await row<AdjustmentRecord>(tx, 'select * from stk_adj where adj_id = $1', [
        wanted.adjustmentId,
      ]);
      if (before === undefined) throw notFound(`product ${wanted.productId}`);
      const same =
        before.prod_id === wanted.productId && before.delta === wanted.delta && before.rsn === wanted.reason;
      if (!same)
        throw new ShopError('adjustment-conflict', 'This adjustment id was used with other content.');
      return { first: false, adjustment: answerOf(before) };
    });
  } catch (cause) {
    if (sqlState(cause) === checkViolation && constraintOf(cause) === 'prod_stk_qty_chk') {
      throw new ShopError('stock-below-reserved', 'Less than what is reserved would be left on hand.', {
        cause,
      });
    }
    // Past the largest quantity that a row can hold.
    if (sqlState(cause) === '22003')
      throw new ShopError('bad-request', 'The quantity is out of range.', { cause });
    throw cause;
  }
}

const answerOf = (record: AdjustmentRecord) => ({
  adjustmentId: record.adj_id,
  productId: record.prod_id,
  delta: record.delta,
  reason: record.rsn,
  createdAt: record.crt_dt.toISOString(),
});
