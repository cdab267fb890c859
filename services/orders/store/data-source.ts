import type { DataSource } from 'typeorm';
import { createServiceDatabase, type DatabaseOptions } from '#kernel/db/service-database.ts';

/** The orders' own database. */
export function createDataSource(options: DatabaseOptions): DataSource {
  return createServiceDatabase('orders', options);
}

/** What requests touch, for the connections to know before the first one comes. */
export const warmTables = [
  'orders',
  'deliveries',
  'checkouts',
  'order_lines',
  'payments',
  'parcel_events',
  'order_history',
  'refunds',
  'refund_lines',
  'cart_items',
  'guest_cart_items',
  'provider_notices',
  'outbox',
];
