import { EntitySchema } from 'typeorm';

export interface ProductRow {
  prod_id: number;
  prod_cd: string;
  prod_nm: string;
  prod_dsc: string;
  cat_id: number;
  price_cents: number;
  curr_cd: string;
  stat_cd: 'A' | 'X';
  upd_dt: Date;
}

/** What this module writes of a product; `erp_ref`, `search` and `crt_dt` are filled elsewhere. */
export const ProductEntity = new EntitySchema<ProductRow>({
  name: 'Product',
  tableName: 'prod',
  columns: {
    prod_id: { type: 'integer', primary: true, generated: 'increment' },
    prod_cd: { type: 'text' },
    prod_nm: { type: 'text' },
    prod_dsc: { type: 'text' },
    cat_id: { type: 'integer' },
    price_cents: { type: 'integer' },
    curr_cd: { type: 'char', length: 3 },
    stat_cd: { type: 'char', length: 1 },
    upd_dt: { type: 'timestamptz' },
  },
});

export interface StockRow {
  prod_id: number;
  qty_hand: number;
  qty_rsv: number;
}

export const StockEntity = new EntitySchema<StockRow>({
  name: 'Stock',
  tableName: 'prod_stk',
  columns: {
    prod_id: { type: 'integer', primary: true },
    qty_hand: { type: 'integer' },
    qty_rsv: { type: 'integer', default: 0 },
  },
});
