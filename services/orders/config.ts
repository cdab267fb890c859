import { issuerFromEnv, type IssuerConfig } from '#kernel/auth/issuer-env.ts';
import { boolEnv, envOr, intEnv, requireEnv } from '#kernel/env.ts';

export interface OrdersConfig extends IssuerConfig {
  host: string;
  port: number;
  databaseUrl: string;
  /** Where clients, and services among themselves, reach the whole shop. */
  publicUrl: string;
  clientId: string;
  clientSecret: string;
  payments: { url: string; apiKey: string };
  /** What the provider signs its webhooks with; without it none is believed. */
  webhookSecret: string;
  /** What guests' carts are signed with: the same as the monolith's, or guests lose their carts at a switch. */
  cartSecret: string;
  /** What deliveries of events are signed with; without it none is taken. */
  eventsSecret: string | undefined;
  /** Mails are written here as files; without it none is sent. */
  mailDir: string | undefined;
  /** How long a payment may stay undecided. */
  paymentPatienceSeconds: number;
  /** How long an order may stand still before it is taken on by whoever owns the orders. */
  stalledMs: number;
  poolSize: number;
  /** True: no other side exists, and the service owns its tables. */
  standalone: boolean;
}

export function readConfig(): OrdersConfig {
  const url = (name: string, meaning: string) => requireEnv(name, meaning).replace(/\/+$/, '');
  return {
    host: envOr('HOST', '127.0.0.1'),
    port: intEnv('PORT', 3003, { max: 65_535 }),
    databaseUrl: requireEnv('DATABASE_URL', "the orders' database, as postgres://user@host:port/database"),
    publicUrl: url('PUBLIC_URL', "the shop's public address, such as http://localhost:8080"),
    ...issuerFromEnv(),
    clientId: envOr('CLIENT_ID', 'orders-service'),
    clientSecret: requireEnv('CLIENT_SECRET', 'the secret with which this service gets its own tokens'),
    payments: {
      url: url('PAYMENTS_URL', "the payment provider's address"),
      apiKey: requireEnv('PAYMENTS_KEY', 'the key that the payment provider wants'),
    },
    webhookSecret: envOr('WEBHOOK_SECRET', ''),
    cartSecret: requireEnv('CART_SECRET', 'a long random text, the same for all that answer for carts'),
    eventsSecret: envOr('EVENTS_SECRET', '') || undefined,
    mailDir: envOr('MAIL_DIR', '') || undefined,
    paymentPatienceSeconds: intEnv('PAYMENT_PATIENCE_SECONDS', 600, { min: 1, max: 840 }),
    stalledMs: intEnv('ORDER_STALLED_MS', 10_000, { min: 100, max: 600_000 }),
    poolSize: intEnv('DB_POOL', 5, { min: 2, max: 500 }),
    standalone: boolEnv('STANDALONE'),
  };
}
