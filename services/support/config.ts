import { issuerFromEnv, type IssuerConfig } from '#kernel/auth/issuer-env.ts';
import { boolEnv, envOr, intEnv, requireEnv } from '#kernel/env.ts';

export interface SupportConfig extends IssuerConfig {
  host: string;
  port: number;
  databaseUrl: string;
  /** Where clients, and services among themselves, reach the whole shop. */
  publicUrl: string;
  clientId: string;
  clientSecret: string;
  /** How long a neighbour that is away is waited for. */
  neighbourPatienceMs: number;
  /** What deliveries of events are signed with; without it none is taken. */
  eventsSecret: string | undefined;
  /** How long a return may stand still before it is taken on by whoever owns support. */
  stalledMs: number;
  poolSize: number;
  /** True: no other side exists, and the service owns its tables. */
  standalone: boolean;
}

export function readConfig(): SupportConfig {
  return {
    host: envOr('HOST', '127.0.0.1'),
    port: intEnv('PORT', 3004, { max: 65_535 }),
    databaseUrl: requireEnv('DATABASE_URL', "support's database, as postgres://user@host:port/database"),
    publicUrl: requireEnv('PUBLIC_URL', "the shop's public address, such as http://localhost:8080").replace(
      /\/+$/,
      '',
    ),
    ...issuerFromEnv(),
    clientId: envOr('CLIENT_ID', 'support-service'),
    clientSecret: requireEnv('CLIENT_SECRET', 'the secret with which this service gets its own tokens'),
    neighbourPatienceMs: intEnv('NEIGHBOUR_PATIENCE_MS', 20_000, { min: 1, max: 60_000 }),
    eventsSecret: envOr('EVENTS_SECRET', '') || undefined,
    stalledMs: intEnv('RETURN_STALLED_MS', 10_000, { min: 100, max: 600_000 }),
    poolSize: intEnv('DB_POOL', 5, { min: 2, max: 500 }),
    standalone: boolEnv('STANDALONE'),
  };
}
