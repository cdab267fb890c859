import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLog } from '#kernel/log.ts';
import { buildPayments } from '#stack/payments/app.ts';
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
import {
  seededAccounts,
  startMonolithAlone,
  type MonolithAlone,
} from '../../test/contract/monolith-alone.ts';
import { auditSagas, settled, type BookedOrder, type Placed } from '../../test/contract/orders-audit.ts';

// Users and goods are in the same process: what passes by is the client's call, and those to the provider.
const rounds = killRounds(['checkout', 'charge', 'cancel'], 5);

let front: Front;
let gate: Front;
let payments: FastifyInstance;
let paymentsUrl: string;
let monolith: MonolithAlone;
let armed: Omit<Round, 'outcome'> | undefined;
let kills = 0;
const placed: Placed[] = [];
let product: number;
const onHand = 1000;
const apiKey = 'payments-key';
/** Only what never comes through is to be given up soon: how fast the machine is decides nothing else. */
let patienceSeconds = 600;
const env = () => ({ PAYMENT_PATIENCE_SECONDS: String(patienceSeconds) });

async function watch(passing: Passing): Promise<void> {
  if (armed === undefined || !passes(armed, passing)) return;
  armed = undefined;
  kills += 1;
  await monolith.kill();
  monolith.start(env());
}

beforeAll(async () => {
  front = await startFront(() => monolith.baseUrl, watch);
  payments = buildPayments(
    {
      apiKey,
      webhookUrl: `${front.url}/payments/webhooks`,
      webhookSecret: seededAccounts.webhookSecret ?? '',
      file: undefined,
      delayMs: 1_500,
    },
    createLog('payments', 'silent'),
  );
  paymentsUrl = await payments.listen({ host: '127.0.0.1', port: 0 });
  gate = await startFront(() => paymentsUrl, watch);
  monolith = await startMonolithAlone({
    env: { PAYMENTS_URL: gate.url, PAYMENTS_KEY: apiKey, ORDER_STALLED_MS: '500', LOG_LEVEL: 'fatal' },
  });
  const manager = await signIn(front.url, 'manager');
  const { items } = await manager.expect(200, 'GET', '/categories');
  const body = { sku: 'KILL-1', name: 'Thing', categoryId: items[0].id, price: { amount: '2.50' }, onHand };
  product = (await manager.expect(201, 'POST', '/products', { body })).id as number;
});

afterAll(async () => {
  await monolith?.stop();
  await payments?.close();
  await gate?.stop();
  await front?.stop();
});

async function orders(): Promise<BookedOrder[]> {
  const { rows } = await monolith.cluster.query(
    `select ord_id as id, idem_key as key, case stat_cd when 'C' then 'confirmed' when 'F' then 'failed' else stat_cd end as state,
       (tot_cents * 0.01)::numeric(12, 2)::text as total,
       (select coalesce(sum(case kind_cd when 'C' then amt_cents else -amt_cents end), 0) from pay p
        where p.ord_id = ord.ord_id)::int as books,
       (select array_agg(ver_no::int order by ver_no) from evt_out e
        where e.agg_cd = 'order' and e.agg_id = ord.ord_id::text) as told, ver_no::int as version
     from ord where exists (select from ord_ln l where l.ord_id = ord.ord_id and l.prod_id = ${product}) order by ord_id`,
    monolith.database,
  );
  return rows as BookedOrder[];
}

async function order(customer: number, outcome: Outcome, givesUp: boolean): Promise<void> {
  const session = await signIn(front.url, `customer${customer}`);
  await placeOrder(session, { product, outcome, givesUp, placed });
}

describe('the monolith, killed at a step of a checkout', () => {
  test.each(rounds)('$outcome: $phase $point', async ({ outcome, point, phase }) => {
    if (isHopeless({ outcome }) && patienceSeconds > 1) {
      await settled({ placed, orders });
      patienceSeconds = 1;
      await monolith.kill();
      monolith.start(env());
      await monolith.ready();
    }
    const number = placed.length;
    // Only an order that was written can be left to the shop.
    const givesUp = number % 4 === 0 && point !== 'checkout';
    armed = { point, phase };
    const before = kills;
    await order(1 + (number % 30), outcome, givesUp);
    await expect.poll(() => kills, { timeout: 30_000 }).toBe(before + 1);
    await monolith.ready();
  });

  test('and all settle by themselves: none is paid twice, none without goods, no stock leaks', async () => {
    const provider = { url: paymentsUrl, apiKey };
    const stockUrl = `${monolith.baseUrl}/products/${product}/availability`;
    await auditSagas({ placed, orders, provider, stockUrl, onHand, total: '5.00' });
  });
});
