/** A product as clients see it. */
export interface ProductView {
  id: number;
  sku: string;
  name: string;
  description: string;
  categoryId: number;
  price: { amount: string; currency: string };
  status: 'active' | 'archived';
  available: number;
  createdAt: string;
  updatedAt: string;
}

export interface ProductRecord {
  id: number;
  sku: string;
  name: string;
  description: string;
  category_id: number;
  status: 'active' | 'archived';
  created_at: Date;
  updated_at: Date;
  amount: string;
  currency: string;
  available: number;
}

/** What the products table has of it. */
export const ownColumns = 'id, sku, name, description, category_id, status, created_at, updated_at';

/** The columns of a ProductRecord; `from` names the tables as the columns expect them. */
export const productColumns = `p.id, p.sku, p.name, p.description, p.category_id, p.status, p.created_at, p.updated_at,
  pr.amount, pr.currency, coalesce(s.on_hand - s.reserved, 0) as available`;

export const productTables = `products p
  join prices pr on pr.product_id = p.id
  left join stock_levels s on s.product_id = p.id`;

export function viewOf(row: ProductRecord): ProductView {
  return {
    id: row.id,
    sku: row.sku,
    name: row.name,
    description: row.description,
    categoryId: row.category_id,
    price: { amount: row.amount, currency: row.currency },
    status: row.status,
    available: row.available,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  };
}
