import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '#stack/clusters.ts';
import { startFront, type Front, type Passing } from '../../test/contract/front.ts';
import {
  paymentsKey,
  startOrdersBesideMonolith,
  type OrdersBesideMonolith,
} from '../../test/contract/orders-beside-monolith.ts';
import { Session } from '../../test/contract/session.ts';
import { auditSagas, settled, type Placed } from '../../test/contract/orders-audit.ts';

/** What the provider does, by the card, and how the checkout ends. */
const outcomes = {
  approve: { card: 'tok_visa', ends: 201 },
  decline: { card: 'tok_decline', ends: 402 },
  delay: { card: 'tok_delay', ends: 201 },
  'delay, then decline': { card: 'tok_delay_decline', ends: 402 },
  fail: { card: 'tok_fail', ends: 402 },
  'never decide': { card: 'tok_stuck', ends: 402 },
  'fail once': { card: 'tok_flaky', ends: 201 },
  'lose the answer': { card: 'tok_lose', ends: 201 },
  'tell before answering': { card: 'tok_early', ends: 201 },
} as const;

const points = {
  checkout: /^POST \/orders$/,
  verify: /^GET \/users\/\d+$/,
  reserve: /^PUT \/reservations\//,
  charge: /^PUT \/charges\/order-\d+$/,
  commit: /^POST \/reservations\/.+\/commit$/,
  cancel: /^PUT \/charges\/.+\/cancellation$/,
  release: /^POST \/reservations\/.+\/release$/,
} as const;

type Outcome = keyof typeof outcomes;
/** What is given up in the end. */
const hopeless: readonly Outcome[] = ['fail', 'never decide'];
type Point = keyof typeof points;
interface Round {
  outcome: Outcome;
  point: Point;
  phase: Passing['phase'];
}

/** Each step that an outcome leads through, killed before the neighbour hears of it and before the service hears back. */
const rounds: Round[] = (Object.keys(outcomes) as Outcome[]).flatMap((outcome) => {
  const after: Point[] =
    outcomes[outcome].ends === 201 ? ['commit'] : outcome === 'fail' ? ['cancel', 'release'] : ['release'];
  return (['checkout', 'verify', 'reserve', 'charge', ...after] as Point[]).flatMap((point) =>
    (['before', 'after'] as const).map((phase) => ({ outcome, point, phase })),
  );
});
// Coprime to the number of steps of any outcome, so that the sample meets all of them.
const sampled = rounds.filter((_, index) => index % 7 === 3);

let shop: OrdersBesideMonolith;
let gate: Front;
let armed: { point: Point; phase: Passing['phase'] } | undefined;
let child: ChildProcess | undefined;
let port: number;
const placed: Placed[] = [];
let product: number;
const onHand = 1000;
/** Only what never comes through is to be given up soon: how fast the machine is decides nothing else. */
let patienceSeconds = 600;

async function watch({ method, path, phase }: Passing): Promise<void> {
  if (armed === undefined || armed.phase !== phase || !points[armed.point].test(`${method} ${path}`)) return;
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
  const manager = await signIn('manager');
  const { items } = await manager.expect(200, 'GET', '/categories');
  const body = { sku: 'KILL-1', name: 'Thing', categoryId: items[0].id, price: { amount: '2.50' }, onHand };
  product = (await manager.expect(201, 'POST', '/products', { body })).id as number;
});

afterAll(async () => {
  await kill();
  await gate?.stop();
  await shop?.stop();
});

async function signIn(name: string): Promise<Session> {
  const session = new Session(shop.front.url);
  const body = { email: `${name}@shop.example`, password: 'shop-password-1' };
  session.token = (await session.expect(200, 'POST', '/auth/login', { body })).accessToken as string;
  return session;
}

/** As a client does whose connection broke, or who was told to try again. */
async function insist(send: () => Promise<{ status: number }>): Promise<number> {
  for (;;) {
    const status = await send().then(
      (answer) => answer.status,
      () => 502,
    );
    if (![202, 502, 503].includes(status)) return status;
    await new Promise((done) => setTimeout(done, 100));
  }
}

/** One customer's order; one who gives up leaves it to the shop. */
async function order(customer: number, outcome: Outcome, givesUp: boolean): Promise<void> {
  const session = await signIn(`customer${customer}`);
  const lines = { body: { items: [{ productId: product, quantity: 2 }] } };
  expect(await insist(() => session.send('PUT', '/cart', lines))).toBe(200);
  const { card, ends } = outcomes[outcome];
  const request = {
    body: { payment: { cardToken: card }, shipping: { name: 'Ada', address: 'Mill Street 1' } },
    headers: { 'idempotency-key': crypto.randomUUID() },
  };
  placed.push({ key: request.headers['idempotency-key'], ends, quantity: 2, once: givesUp });
  const post = () => session.send('POST', '/orders', request);
  if (givesUp) await post().catch(() => undefined);
  else expect([outcome, await insist(post)]).toEqual([outcome, ends]);
}

describe('the orders process, killed at a step of a checkout', () => {
  const all = process.env['MATAPALO_NIGHTLY'] === '1' ? rounds : sampled;
  const last = all.filter(({ outcome }) => hopeless.includes(outcome));
  const first = all.filter(({ outcome }) => !hopeless.includes(outcome));

  test.each([...first, ...last])('$outcome: $phase $point', async ({ outcome, point, phase }) => {
    if (hopeless.includes(outcome) && patienceSeconds > 1) {
      await settled({ shop, placed });
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
    await auditSagas({ shop, placed, product, onHand, total: '5.00' });
  });
});
