import { issuerFromEnv, type IssuerConfig } from '#kernel/auth/issuer-env.ts';
import { boolEnv, envOr, intEnv, requireEnv } from '#kernel/env.ts';

export interface CatalogueConfig extends IssuerConfig {
  host: string;
  port: number;
  databaseUrl: string;
  poolSize: number;
  /** True: no other side exists, and the service owns its tables. */
  standalone: boolean;
}

export function readConfig(): CatalogueConfig {
  return {
    host: envOr('HOST', '127.0.0.1'),
    port: intEnv('PORT', 3002, { max: 65_535 }),
    databaseUrl: requireEnv(
      'DATABASE_URL',
      "the catalogue's database, as postgres://user@host:port/database",
    ),
    ...issuerFromEnv(),
    poolSize: intEnv('DB_POOL', 5, { min: 2, max: 500 }),
    standalone: boolEnv('STANDALONE'),
  };
}
