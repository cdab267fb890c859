import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '#stack/clusters.ts';
import { startFront, type Front, type Passing } from '../../test/contract/front.ts';
import {
  isHopeless,
  killRounds,
  passes,
  placeOrder,
  signIn,
  type Outcome,
  type Round,
} from '../../test/contract/kill-rounds.ts';
import { auditSagas, settled, type BookedOrder, type Placed } from '../../test/contract/orders-audit.ts';
import {
  paymentsKey,
  startOrdersBesideMonolith,
  type OrdersBesideMonolith,
} from '../../test/contract/orders-beside-monolith.ts';

// Coprime to the number of steps of any outcome, so that the sample meets all of them.
const rounds = killRounds(['checkout', 'verify', 'reserve', 'charge', 'commit', 'cancel', 'release'], 11);

let shop: OrdersBesideMonolith;
let gate: Front;
let armed: Omit<Round, 'outcome'> | undefined;
let child: ChildProcess | undefined;
let port: number;
const placed: Placed[] = [];
let product: number;
const onHand = 1000;
/** Only what never comes through is to be given up soon: how fast the machine is decides nothing else. */
let patienceSeconds = 600;

async function watch(passing: Passing): Promise<void> {
  if (armed === undefined || !passes(armed, passing)) return;
  armed = undefined;
  await kill();
  start();
}

async function kill(): Promise<void> {
  const killed = child;
  const gone = new Promise((done) => killed?.once('exit', done));
  if (killed?.kill('SIGKILL') === true) await gone;
}

function start(): void {
  const { config } = shop;
  child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts')], {
    env: {
      ...process.env,
      PORT: String(port),
      DATABASE_URL: config.databaseUrl,
      PUBLIC_URL: config.publicUrl,
      JWKS_URL: config.jwksUrl,
      CLIENT_SECRET: config.clientSecret,
      PAYMENTS_URL: gate.url,
      PAYMENTS_KEY: paymentsKey,
      WEBHOOK_SECRET: config.webhookSecret,
      CART_SECRET: config.cartSecret,
      PAYMENT_PATIENCE_SECONDS: String(patienceSeconds),
      ORDER_STALLED_MS: '500',
      STANDALONE: 'true',
      LOG_LEVEL: 'fatal',
    },
    stdio: 'ignore',
  });
}

beforeAll(async () => {
  port = await freePort();
  shop = await startOrdersBesideMonolith({ start: false, port, watch });
  gate = await startFront(() => shop.config.payments.url, watch);
  start();
  const manager = await signIn(shop.front.url, 'manager');
  const { items } = await manager.expect(200, 'GET', '/categories');
  const body = { sku: 'KILL-1', name: 'Thing', categoryId: items[0].id, price: { amount: '2.50' }, onHand };
  product = (await manager.expect(201, 'POST', '/products', { body })).id as number;
});

afterAll(async () => {
  await kill();
  await gate?.stop();
  await shop?.stop();
});

async function orders(): Promise<BookedOrder[]> {
  const { rows } = await shop.cluster.query(
    `select o.id, c.idempotency_key as key, o.state, o.total::text,
       (select coalesce(sum(case kind when 'charge' then amount else -amount end), 0) * 100 from payments p
        where p.order_id = o.id)::int as books,
       (select array_agg(version::int order by version) from outbox e
        where e.aggregate_type = 'order' and e.aggregate_id = o.id::text) as told, o.version::int
     from orders o join checkouts c on c.order_id = o.id order by o.id`,
    shop.database,
  );
  return rows as BookedOrder[];
}

async function order(customer: number, outcome: Outcome, givesUp: boolean): Promise<void> {
  const session = await signIn(shop.front.url, `customer${customer}`);
  await placeOrder(session, { product, outcome, givesUp, placed });
}

describe('the orders process, killed at a step of a checkout', () => {
  test.each(rounds)('$outcome: $phase $point', async ({ outcome, point, phase }) => {
    if (isHopeless({ outcome }) && patienceSeconds > 1) {
      await settled({ placed, orders });
      patienceSeconds = 1;
      await kill();
      start();
    }
    const number = placed.length;
    // Only an order that was written can be left to the shop.
    const givesUp = number % 4 === 0 && point !== 'checkout';
    armed = { point, phase };
    const killed = child?.pid;
    await Promise.all([
      order(1 + (number % 30), outcome, givesUp),
      order(31 + (number % 30), 'approve', false),
    ]);
    await expect.poll(() => child?.pid, { timeout: 30_000 }).not.toBe(killed);
  });

  test('and all settle by themselves: none is paid twice, none without goods, no stock leaks', async () => {
    const provider = { url: shop.config.payments.url, apiKey: paymentsKey };
    const stockUrl = `${shop.monolith.baseUrl}/products/${product}/availability`;
    await auditSagas({ placed, orders, provider, stockUrl, onHand, total: '5.00' });
  });
});
