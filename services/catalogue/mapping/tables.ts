import type { TableConfig } from '#plan/config.ts';

/**
 * The catalogue's tables in the monolith, and in this service. `prod` feeds products and prices; in reverse both fill
 * `prod`, and products decides whether the row exists. `prod.erp_ref` is not modelled here and stays as it is.
 */
export const catalogueTables: readonly TableConfig[] = [
  {
    legacy: 'cat',
    service: 'categories',
    forward: { id: 'cat_id', name: 'cat_nm', slug: 'slug', parent_id: 'par_cat_id' },
    reverse: { cat_id: 'id', cat_nm: 'name', slug: 'slug', par_cat_id: 'parent_id' },
  },
  {
    legacy: 'prod',
    service: 'products',
    anchor: true,
    forward: {
      id: 'prod_id',
      sku: 'prod_cd',
      name: 'prod_nm',
      description: 'prod_dsc',
      category_id: 'cat_id',
      status: "case stat_cd when 'A' then 'active' when 'X' then 'archived' end",
      created_at: 'crt_dt',
      updated_at: 'upd_dt',
    },
    reverse: {
      prod_id: 'id',
      prod_cd: 'sku',
      prod_nm: 'name',
      prod_dsc: 'description',
      cat_id: 'category_id',
      stat_cd: "case status when 'active' then 'A' when 'archived' then 'X' end",
      crt_dt: 'created_at',
      upd_dt: 'updated_at',
    },
  },
  {
    legacy: 'prod',
    service: 'prices',
    forward: { product_id: 'prod_id', amount: 'price_cents / 100.0', currency: 'curr_cd' },
    reverse: { prod_id: 'product_id', price_cents: 'amount * 100', curr_cd: 'currency' },
  },
  {
    legacy: 'prod_stk',
    service: 'stock_levels',
    forward: { product_id: 'prod_id', on_hand: 'qty_hand', reserved: 'qty_rsv' },
    reverse: { prod_id: 'product_id', qty_hand: 'on_hand', qty_rsv: 'reserved' },
  },
  {
    legacy: 'stk_adj',
    service: 'stock_adjustments',
    forward: { id: 'adj_id', product_id: 'prod_id', delta: 'delta', reason: 'rsn', created_at: 'crt_dt' },
    reverse: { adj_id: 'id', prod_id: 'product_id', delta: 'delta', rsn: 'reason', crt_dt: 'created_at' },
  },
  {
    legacy: 'stk_rsv',
    service: 'reservations',
    forward: {
      id: 'rsv_id',
      status:
        "case stat_cd when 'H' then 'held' when 'C' then 'committed' when 'R' then 'released' when 'E' then 'expired' end",
      expires_at: 'exp_dt',
      created_at: 'crt_dt',
      user_id: 'usr_id',
    },
    reverse: {
      rsv_id: 'id',
      stat_cd:
        "case status when 'held' then 'H' when 'committed' then 'C' when 'released' then 'R' when 'expired' then 'E' end",
      exp_dt: 'expires_at',
      crt_dt: 'created_at',
      usr_id: 'user_id',
    },
  },
  {
    legacy: 'stk_rsv_ln',
    service: 'reservation_lines',
    // Named, so that the pairing does not rest on the order of either primary key's columns.
    key: { legacy: ['rsv_id', 'prod_id'], service: ['reservation_id', 'product_id'] },
    forward: { reservation_id: 'rsv_id', product_id: 'prod_id', quantity: 'qty' },
    reverse: { rsv_id: 'reservation_id', prod_id: 'product_id', qty: 'quantity' },
  },
];
