import { boolEnv, envOr, intEnv, requireEnv } from '#kernel/env.ts';

export interface CatalogueConfig {
  host: string;
  port: number;
  databaseUrl: string;
  /** Where token issuers publish their keys: by default at the shop's public address. */
  jwksUrl: string;
  issuer: string;
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
    jwksUrl: jwksUrl(),
    issuer: envOr('JWT_ISSUER', 'matapalo-shop'),
    poolSize: intEnv('DB_POOL', 8, { min: 2, max: 500 }),
    standalone: boolEnv('STANDALONE'),
  };
}

function jwksUrl(): string {
  const named = envOr('JWKS_URL', '');
  if (named !== '') return named;
  const publicUrl = requireEnv('PUBLIC_URL', "the shop's public address, such as http://localhost:8080");
  return new URL('/.well-known/jwks.json', publicUrl).href;
}
