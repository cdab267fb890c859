import type { DataSource } from 'typeorm';
import { createServiceDatabase, type DatabaseOptions } from '#kernel/db/service-database.ts';
import { Category, Price, Product, StockLevel } from './entities.ts';

/** The catalogue's own database. */
export function createDataSource(options: DatabaseOptions): DataSource {
  return createServiceDatabase('catalogue', options, [Category, Product, Price, StockLevel]);
}

/** What requests touch, for the connections to know before the first one comes. */
export const warmTables = [
  'categories',
  'products',
  'prices',
  'stock_levels',
  'stock_adjustments',
  'reservations',
  'reservation_lines',
  'outbox',
];
