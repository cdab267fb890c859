import pg from 'pg';
import type { Goods } from './shoppers/crowd.ts';

/** Who may have what, from the fresh sample data: a deep shelf for all, and products that a merchant may have for itself. */
export async function chooseGoods(legacyUrl: string): Promise<Goods> {
  const db = new pg.Client({ connectionString: legacyUrl, application_name: 'demo' });
  await db.connect();
  try {
    const { rows } = await db.query<{ id: number; name: string; priceCents: number; onHand: number }>(
      `select p.prod_id as id, p.prod_nm as name, p.price_cents as "priceCents", s.qty_hand as "onHand"
         from prod p join prod_stk s using (prod_id)
        where p.stat_cd = 'A' and s.qty_hand >= 100 and s.qty_rsv = 0 order by p.prod_id`,
    );
    const { rows: count } = await db.query<{ products: number }>('select max(prod_id) as products from prod');
    const shelf = rows.filter(({ onHand }) => onHand >= 2000).slice(0, 40);
    const shelved = new Set(shelf.map(({ id }) => id));
    return {
      products: count[0]?.products ?? 0,
      shelf,
      free: rows.map(({ id }) => id).filter((id) => !shelved.has(id)),
    };
  } finally {
    await db.end();
  }
}
