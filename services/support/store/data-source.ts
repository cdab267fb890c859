import type { DataSource } from 'typeorm';
import { createServiceDatabase, type DatabaseOptions } from '#kernel/db/service-database.ts';

/** Support's own database. */
export function createDataSource(options: DatabaseOptions): DataSource {
  return createServiceDatabase('support', options);
}

/** What requests touch, for the connections to know before the first one comes. */
export const warmTables = [
  'tickets',
  'ticket_clocks',
  'messages',
  'attachments',
  'returns',
  'return_lines',
  'articles',
  'outbox',
];
