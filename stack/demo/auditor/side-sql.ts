/**
 * The catalogue's tables on both sides, told in one form: a key, and the row as a JSON array whose text is the same wherever the
 * two sides agree. Written by hand from both schemas, so that an error in the tool's mapping cannot hide here.
 */
export const tables = ['category', 'product', 'stock', 'adjustment', 'reservation', 'line'] as const;
export type Table = (typeof tables)[number];

/** Microseconds since 1970: the same text whatever a session's formats are. */
const us = (column: string) => `(extract(epoch from ${column}) * 1000000)::bigint`;

export type SideSql = Readonly<Record<Table, string>>;

export const legacySql: SideSql = {
  category: `select cat_id::text as key, jsonb_build_array(cat_nm, slug, par_cat_id)::text as row from cat`,
  product: `select prod_id::text as key, jsonb_build_array(prod_cd, prod_nm, prod_dsc, cat_id, price_cents::bigint, curr_cd,
      stat_cd = 'A', ${us('crt_dt')}, ${us('upd_dt')})::text as row from prod`,
  stock: `select prod_id::text as key, jsonb_build_array(qty_hand, qty_rsv)::text as row from prod_stk`,
  adjustment: `select adj_id::text as key, jsonb_build_array(prod_id, delta, rsn, ${us('crt_dt')})::text as row from stk_adj`,
  reservation: `select rsv_id::text as key, jsonb_build_array(
      case stat_cd when 'H' then 'held' when 'C' then 'committed' when 'R' then 'released' else 'expired' end,
      ${us('exp_dt')}, ${us('crt_dt')}, usr_id)::text as row from stk_rsv`,
  line: `select rsv_id || ' ' || prod_id as key, jsonb_build_array(qty)::text as row from stk_rsv_ln`,
};

export const serviceSql: SideSql = {
  category: `select id::text as key, jsonb_build_array(name, slug, parent_id)::text as row from categories`,
  product: `select p.id::text as key, jsonb_build_array(p.sku, p.name, p.description, p.category_id,
      (c.amount * 100)::bigint, c.currency, p.status = 'active', ${us('p.created_at')}, ${us('p.updated_at')})::text as row
      from products p left join prices c on c.product_id = p.id`,
  stock: `select product_id::text as key, jsonb_build_array(on_hand, reserved)::text as row from stock_levels`,
  adjustment: `select id::text as key, jsonb_build_array(product_id, delta, reason, ${us('created_at')})::text as row
      from stock_adjustments`,
  reservation: `select id::text as key, jsonb_build_array(status, ${us('expires_at')}, ${us('created_at')}, user_id)::text
      as row from reservations`,
  line: `select reservation_id || ' ' || product_id as key, jsonb_build_array(quantity)::text as row from reservation_lines`,
};
