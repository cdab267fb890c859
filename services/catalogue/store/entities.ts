import { EntitySchema } from 'typeorm';

export interface CategoryRow {
  id: number;
  name: string;
  slug: string;
  parentId: number | null;
}

export interface ProductRow {
  id: number;
  sku: string;
  name: string;
  description: string;
  categoryId: number;
  status: 'active' | 'archived';
  createdAt: Date;
  updatedAt: Date;
}

export interface PriceRow {
  productId: number;
  /** Decimal text, as numeric arrives. */
  amount: string;
  currency: string;
}

export interface StockLevelRow {
  productId: number;
  onHand: number;
  reserved: number;
}

export const Category = new EntitySchema<CategoryRow>({
  name: 'Category',
  tableName: 'categories',
  columns: {
    id: { type: 'int', primary: true, generated: true },
    name: { type: 'text' },
    slug: { type: 'text', unique: true },
    parentId: { name: 'parent_id', type: 'int', nullable: true },
  },
});

export const Product = new EntitySchema<ProductRow>({
  name: 'Product',
  tableName: 'products',
  columns: {
    id: { type: 'int', primary: true, generated: true },
    sku: { type: 'text', unique: true },
    name: { type: 'text' },
    description: { type: 'text' },
    categoryId: { name: 'category_id', type: 'int' },
    status: { type: 'text' },
    createdAt: { name: 'created_at', type: 'timestamptz', default: () => 'now()' },
    updatedAt: { name: 'updated_at', type: 'timestamptz', default: () => 'now()' },
  },
});

export const Price = new EntitySchema<PriceRow>({
  name: 'Price',
  tableName: 'prices',
  columns: {
    productId: { name: 'product_id', type: 'int', primary: true },
    amount: { type: 'numeric', precision: 12, scale: 2 },
    currency: { type: 'char', length: 3 },
  },
});

export const StockLevel = new EntitySchema<StockLevelRow>({
  name: 'StockLevel',
  tableName: 'stock_levels',
  columns: {
    productId: { name: 'product_id', type: 'int', primary: true },
    onHand: { name: 'on_hand', type: 'int' },
    reserved: { type: 'int' },
  },
});
