export interface ShopConfig {
  host: string;
  port: number;
  databaseUrl: string;
  /** Where clients, and the modules among themselves, reach the whole shop. */
  publicUrl: string;
  keysFile: string;
  issuer: string;
  /** Whose X-Forwarded-For is believed: addresses or networks of the proxies in front. */
  trustedProxies: string[];
  /** Mails are written here as files; without it none is sent. */
  mailDir: string | undefined;
  /** The payment provider; without it charges are made up in this process. */
  payments: { url: string; apiKey: string } | undefined;
  /** What the provider signs its webhooks with; without it none is believed. */
  webhookSecret: string;
  /** What guests' carts are signed with. Whoever answers for the carts after us has to know it. */
  cartSecret: string | undefined;
  /** How long a payment may stay undecided. */
  paymentPatienceSeconds: number;
  /** How long an order may stand still before a job takes it on. */
  orderStalledMs: number;
  /** What deliveries of events are signed with; without it none is taken. */
  eventsSecret: string | undefined;
  poolSize: number;
  logLevel: string;
}

type Environment = Record<string, string | undefined>;

function paymentsOf({ PAYMENTS_URL: url, PAYMENTS_KEY: apiKey }: Environment): ShopConfig['payments'] {
  if (!url) return undefined;
  if (!apiKey) throw new Error('PAYMENTS_KEY is missing: the key that the provider of PAYMENTS_URL wants.');
  return { url: url.replace(/\/+$/, ''), apiKey };
}

/** Reads the configuration, and names the variable that is wrong. */
export function readConfig(env: Environment): ShopConfig {
  const need = (name: string, meaning: string): string => {
    const value = env[name];
    if (!value) throw new Error(`${name} is missing: ${meaning}.`);
    return value;
  };
  const integer = (name: string, fallback: number, low: number, high: number): number => {
    const value = env[name] === undefined || env[name] === '' ? fallback : Number(env[name]);
    if (!Number.isInteger(value) || value < low || value > high) {
      throw new Error(`${name} is "${env[name]}"; it is a whole number from ${low} to ${high}.`);
    }
    return value;
  };
  const host = env['HOST'] || '127.0.0.1';
  const port = integer('PORT', 3000, 0, 65_535);
  const publicUrl = env['PUBLIC_URL'] || `http://${host}:${port}`;
  if (!URL.canParse(publicUrl))
    throw new Error(`PUBLIC_URL is "${publicUrl}"; it is a URL such as https://shop.example.`);
  return {
    host,
    port,
    publicUrl: publicUrl.replace(/\/+$/, ''),
    databaseUrl: need('DATABASE_URL', 'postgres://user@host:port/database'),
    keysFile: need('JWT_KEYS_FILE', 'a JSON file {"keys": [private ES256 JWKs, each with a kid]}'),
    issuer: env['JWT_ISSUER'] || 'matapalo-shop',
    trustedProxies: (env['TRUSTED_PROXIES'] || '').split(',').filter(Boolean),
    mailDir: env['MAIL_DIR'] || undefined,
    payments: paymentsOf(env),
    webhookSecret: env['WEBHOOK_SECRET'] || '',
    cartSecret: env['CART_SECRET'] || undefined,
    paymentPatienceSeconds: integer('PAYMENT_PATIENCE_SECONDS', 600, 1, 840),
    orderStalledMs: integer('ORDER_STALLED_MS', 10_000, 100, 600_000),
    eventsSecret: env['EVENTS_SECRET'] || undefined,
    // Few: what a switch has held meets a database at once, and more backends than cores only get in each other's way.
    poolSize: integer('DB_POOL', 6, 2, 500),
    logLevel: env['LOG_LEVEL'] || 'info',
  };
}
