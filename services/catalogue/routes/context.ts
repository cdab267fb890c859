import type { DataSource } from 'typeorm';
import type { Verify } from '#kernel/auth/verify.ts';
import type { Write } from '#kernel/db/unit-of-work.ts';

/** What every route works with. */
export interface CatalogueContext {
  source: DataSource;
  write: Write;
  verify: Verify;
}

/** Who may change products and count stock. */
export const editors: readonly string[] = ['manager', 'admin'];

export type { PublicApp as CatalogueApp } from '#kernel/http/public-routes.ts';
