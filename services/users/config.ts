import { issuerFromEnv, type IssuerConfig } from '#kernel/auth/issuer-env.ts';
import { boolEnv, envOr, intEnv, requireEnv } from '#kernel/env.ts';

export interface UsersConfig extends IssuerConfig {
  host: string;
  port: number;
  databaseUrl: string;
  /** Where clients reach the whole shop. */
  publicUrl: string;
  /** The ring of signing keys, shared with every issuer of the shop. */
  keysFile: string;
  /** Mails are written here as files; without it none is sent. */
  mailDir: string | undefined;
  /** Whose X-Forwarded-For is believed: addresses or networks of the proxies in front. */
  trustedProxies: string[];
  poolSize: number;
  /** True: no other side exists, and the service owns its tables. */
  standalone: boolean;
}

export function readConfig(): UsersConfig {
  return {
    host: envOr('HOST', '127.0.0.1'),
    port: intEnv('PORT', 3001, { max: 65_535 }),
    databaseUrl: requireEnv('DATABASE_URL', "the users' database, as postgres://user@host:port/database"),
    publicUrl: requireEnv('PUBLIC_URL', "the shop's public address, such as http://localhost:8080").replace(
      /\/+$/,
      '',
    ),
    ...issuerFromEnv(),
    keysFile: requireEnv('JWT_KEYS_FILE', 'a JSON file {"keys": [private ES256 JWKs, each with a kid]}'),
    mailDir: envOr('MAIL_DIR', '') || undefined,
    trustedProxies: envOr('TRUSTED_PROXIES', '').split(',').filter(Boolean),
    poolSize: intEnv('DB_POOL', 5, { min: 2, max: 500 }),
    standalone: boolEnv('STANDALONE'),
  };
}
