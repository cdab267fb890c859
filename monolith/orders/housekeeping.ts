import type { DataSource } from 'typeorm';
import { unit } from '../db/unit.ts';
import { guestCartDays } from './cart-owner.ts';

/** Webhooks that nobody could send again, and carts of guests who have not come back. */
export async function dropOldOrders(db: DataSource): Promise<void> {
  await unit(db, async (tx) => {
    await tx.query(`delete from pay_evt where rcv_dt < now() - interval '7 days'`);
    await tx.query(`delete from gst_cart_itm where upd_dt < now() - make_interval(days => $1)`, [
      guestCartDays,
    ]);
  });
}
