import { createHash } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { createServiceDatabase, type DatabaseOptions } from '#kernel/db/service-database.ts';

/** The users' own database. */
export function createDataSource(options: DatabaseOptions): DataSource {
  return createServiceDatabase('users', options);
}

/** What requests touch, for the connections to know before the first one comes. */
export const warmTables = [
  'roles',
  'role_permissions',
  'accounts',
  'credentials',
  'account_roles',
  'refresh_tokens',
  'clients',
  'mail_links',
  'attempts',
  'outbox',
];

/** Secrets are long and random: one round of a hash is enough for them. */
export const hashSecret = (secret: string): Buffer => createHash('sha256').update(secret).digest();
