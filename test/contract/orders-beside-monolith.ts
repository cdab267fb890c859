import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { createLog } from '#kernel/log.ts';
import { startCluster, type Cluster } from '#stack/clusters.ts';
import { buildPayments } from '#stack/payments/app.ts';
import { buildApp } from '../../services/orders/app.ts';
import type { OrdersConfig } from '../../services/orders/config.ts';
import { startFront, type Front, type Passing } from './front.ts';
import { seededAccounts, startMonolithAlone, type MonolithAlone } from './monolith-alone.ts';

export interface OrdersBesideMonolith {
  /** The shop's address: orders are answered by the service, all else by the monolith. */
  front: Front;
  /** The service itself; that of the last start. */
  readonly serviceUrl: string;
  monolith: MonolithAlone;
  cluster: Cluster;
  database: string;
  /** The payment provider, in this process; its books are at `/charges`. */
  payments: FastifyInstance;
  config: OrdersConfig;
  folder: string;
  stop(): Promise<void>;
}

export const eventsSecret = 'contract-events-secret';
export const paymentsKey = 'payments-key';
const isOrders = (path: string) => /^\/(cart|orders|payments)(\/|\?|$)/.test(path);

export interface BesideOptions {
  /** Starts the service in this process; else it is the caller's to start one from `config`. */
  start?: boolean;
  standalone?: boolean;
  config?: Partial<OrdersConfig>;
  port?: number;
  watch?: (passing: Passing) => Promise<void> | void;
}

/** The orders service on an empty database, with a monolith that has the users and the catalogue, and a payment provider. */
export async function startOrdersBesideMonolith(options: BesideOptions = {}): Promise<OrdersBesideMonolith> {
  const { start = true, standalone = true, watch } = options;
  const folder = mkdtempSync(join(tmpdir(), 'orders-'));
  const [cluster, monolith] = await Promise.all([startCluster(), startMonolithAlone()]);
  const databaseUrl = await cluster.createDatabase('orders');
  migrateOrders(databaseUrl);
  let ordersUrl = `http://127.0.0.1:${options.port ?? 1}`;
  const front = await startFront((path) => (isOrders(path) ? ordersUrl : monolith.baseUrl), watch);
  const webhookSecret = seededAccounts.webhookSecret ?? '';
  const payments = buildPayments(
    {
      apiKey: paymentsKey,
      webhookUrl: `${front.url}/payments/webhooks`,
      webhookSecret,
      file: undefined,
      delayMs: 1_500,
    },
    createLog('payments', 'silent'),
  );
  const paymentsUrl = await payments.listen({ host: '127.0.0.1', port: 0 });
  const { id: clientId, secret: clientSecret } = seededAccounts.client ?? { id: '', secret: '' };
  const config: OrdersConfig = {
    host: '127.0.0.1',
    port: 0,
    databaseUrl,
    publicUrl: front.url,
    jwksUrl: `${front.url}/.well-known/jwks.json`,
    issuer: 'matapalo-shop',
    clientId,
    clientSecret,
    payments: { url: paymentsUrl, apiKey: paymentsKey },
    webhookSecret,
    cartSecret: 'contract-cart-secret',
    mailDir: monolith.mailDir,
    eventsSecret,
    paymentPatienceSeconds: 600,
    stalledMs: 1_000,
    poolSize: 10,
    standalone,
    ...options.config,
  };
  const app = start ? await buildApp(config, createLog('orders', 'error')) : undefined;
  if (app !== undefined) ordersUrl = await app.listen({ host: '127.0.0.1', port: 0 });
  return {
    front,
    serviceUrl: ordersUrl,
    monolith,
    cluster,
    database: 'orders',
    payments,
    config,
    folder,
    async stop() {
      await app?.close();
      await payments.close();
      await front.stop();
      await monolith.stop();
      await cluster.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function migrateOrders(databaseUrl: string): void {
  const migrated = spawnSync(
    process.execPath,
    [join(import.meta.dirname, '../../services/orders/migrate.ts')],
    { env: { ...process.env, DATABASE_URL: databaseUrl }, encoding: 'utf8' },
  );
  if (migrated.status !== 0) throw new Error(`The migrations failed:\n${migrated.stdout}${migrated.stderr}`);
}
