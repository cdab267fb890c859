import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createLog } from '#kernel/log.ts';
import { freePort, startCluster, type Cluster } from '#stack/clusters.ts';
import { buildPayments } from '#stack/payments/app.ts';
import { eventually, Session } from '../../test/contract/session.ts';
import {
  problem,
  startShopStandIn,
  type ShopStandIn,
  type StandInAnswer,
  type StandInCall,
} from '../../test/contract/shop-stand-in.ts';

let cluster: Cluster;
let databaseUrl: string;
let shop: ShopStandIn;
let payments: FastifyInstance;
let paymentsUrl: string;
let child: ChildProcess | undefined;
let output = '';
/** What a test wants answered in another way. */
let instead: (call: StandInCall) => StandInAnswer | undefined = () => undefined;

const at = '2026-01-01T00:00:00.000Z';
const product = (id: number) => ({
  id,
  sku: `P-${id}`,
  name: `Product ${id}`,
  description: '',
  categoryId: 1,
  status: 'active',
  price: { amount: '2.50', currency: 'EUR' },
  available: 5,
  createdAt: at,
  updatedAt: at,
});
const user = (id: number, status = 'active') => ({
  id,
  name: 'Ada',
  email: `u${id}@shop.example`,
  emailVerified: true,
  status,
  roles: ['customer'],
  createdAt: at,
  updatedAt: at,
});

/** The neighbours at their best. */
function neighbours({ method, path, body }: StandInCall): StandInAnswer | undefined {
  const [, kind = '', id = '', move = ''] = path.split('/');
  if (kind === 'users') return { status: 200, body: user(Number(id)) };
  if (kind === 'products' && move === 'stock-adjustments')
    return { status: 201, body: { ...body, productId: Number(id), createdAt: at } };
  if (kind === 'products') return { status: 200, body: product(Number(id)) };
  if (kind !== 'reservations') return undefined;
  const state = move === 'commit' ? 'committed' : move === 'release' ? 'released' : 'held';
  const lines = body?.lines ?? [{ productId: 1, quantity: 2 }];
  return { status: method === 'PUT' ? 201 : 200, body: { id, state, lines, expiresAt: at, createdAt: at } };
}

function run(script: string, env: Record<string, string>): Promise<number | null> {
  output = '';
  const ours =
    /^(DATABASE_URL|PUBLIC_URL|JWKS_URL|CLIENT_SECRET|PAYMENTS_\w+|CART_SECRET|WEBHOOK_SECRET|MAIL_DIR|PORT|HOST)$/;
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name)));
  const started = spawn(process.execPath, [join(import.meta.dirname, script)], {
    env: { ...inherited, LOG_LEVEL: 'info', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [started.stdout, started.stderr])
    stream.on('data', (data: Buffer) => (output += data.toString()));
  child = started;
  return new Promise((resolve) => started.once('exit', resolve));
}

const complete = () => ({
  DATABASE_URL: databaseUrl,
  PUBLIC_URL: shop.url,
  CLIENT_SECRET: 'secret',
  PAYMENTS_URL: paymentsUrl,
  PAYMENTS_KEY: 'key',
  CART_SECRET: 'cart',
  STANDALONE: 'true',
});

beforeAll(async () => {
  cluster = await startCluster();
  databaseUrl = await cluster.createDatabase('orders');
  shop = await startShopStandIn((call) => instead(call) ?? neighbours(call));
  const config = { apiKey: 'key', webhookUrl: undefined, webhookSecret: 'x', file: undefined, delayMs: 100 };
  payments = buildPayments(config, createLog('payments', 'silent'));
  paymentsUrl = await payments.listen({ host: '127.0.0.1', port: 0 });
});
beforeEach(() => {
  instead = () => undefined;
  shop.calls.length = 0;
});
afterAll(async () => {
  child?.kill('SIGKILL');
  await payments?.close();
  await shop?.stop();
  await cluster?.stop();
});

test('the schema is made once, and can be undone', async () => {
  expect(await run('migrate.ts', complete())).toBe(0);
  expect(output).toContain('Orders1764200000000');
  expect(await run('migrate.ts', complete())).toBe(0);
  const { createDataSource } = await import('./store/data-source.ts');
  const source = await createDataSource({ url: databaseUrl, poolSize: 2 }).initialize();
  await source.undoLastMigration();
  await source.runMigrations();
  await source.destroy();
});

test('what is missing is named, with what to set', async () => {
  const needed = [
    'DATABASE_URL',
    'PUBLIC_URL',
    'CLIENT_SECRET',
    'PAYMENTS_URL',
    'PAYMENTS_KEY',
    'CART_SECRET',
  ];
  for (const name of needed) {
    expect(await run('main.ts', { ...complete(), [name]: '' })).toBe(2);
    expect(output).toContain(`${name} is not set`);
  }
});

describe('the process, with nobody but stand-ins around it', () => {
  let base: string;
  let ended: Promise<number | null>;

  beforeAll(async () => {
    const port = await freePort();
    ended = run('main.ts', { ...complete(), PORT: String(port) });
    await eventually(async () => expect(output).toContain('the orders service listens'), 60_000);
    base = `http://127.0.0.1:${port}`;
  });

  async function checkout(userId: number, headers: Record<string, string> = {}) {
    const session = new Session(base, await shop.token(String(userId), ['customer']));
    await session.expect(200, 'PUT', '/cart', { body: { items: [{ productId: 1, quantity: 2 }] } });
    const body = { payment: { cardToken: 'tok_visa' }, shipping: { name: 'Ada', address: 'Mill Street 1' } };
    const send = () =>
      session.send('POST', '/orders', { body, headers: { 'idempotency-key': 'one', ...headers } });
    return { session, send };
  }

  test('answers its probes, and counts what it does', async () => {
    for (const path of ['/livez', '/readyz', '/cart']) expect((await fetch(base + path)).status).toBe(200);
    const metrics = await (await fetch(`${base}/metrics`)).text();
    expect(metrics).toContain('db_pool_connections{pool="orders",state="idle"');
    expect(metrics).toContain('route="/cart"');
  });

  test('calls the others with a token of its own, and hands on who waits for it', async () => {
    const headers = {
      'matapalo-parent': 'parent-1',
      traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
      'x-request-id': 'request-1',
    };
    const { session, send } = await checkout(1, headers);
    shop.calls.length = 0;
    expect((await send()).status).toBe(201);
    const made = shop.calls.map(({ method, path }) => `${method} ${path.replace(/[0-9a-f-]{36}/, 'id')}`);
    expect(made.slice(0, 4)).toEqual([
      'GET /products/1',
      'GET /users/1',
      'PUT /reservations/id',
      'POST /reservations/id/commit',
    ]);
    for (const call of shop.calls.slice(0, 4)) {
      expect(call.headers).toMatchObject(headers);
      expect(call.headers.authorization).not.toBe(`Bearer ${session.token}`);
    }
  });

  test.each([
    ['blocked', 403, 'forbidden'],
    ['erased', 403, 'forbidden'],
  ])('sells nothing to an account that is %s', async (status, answered, code) => {
    instead = ({ path }) => (path.startsWith('/users/') ? { status: 200, body: user(2, status) } : undefined);
    const { session, send } = await checkout(status === 'blocked' ? 2 : 3);
    const answer = await send();
    expect([answer.status, answer.body.code]).toEqual([answered, code]);
    expect(shop.calls.some(({ method, path }) => method === 'PUT' && path.startsWith('/reservations'))).toBe(
      false,
    );
    expect((await session.expect(200, 'GET', '/cart')).items).toHaveLength(1);
  });

  test('waits for a neighbour that is away for a moment', async () => {
    let away = 3;
    instead = ({ path }) =>
      path.startsWith('/reservations') && away-- > 0 ? problem(503, 'unavailable') : undefined;
    const { send } = await checkout(4);
    expect((await send()).status).toBe(201);
    expect(away).toBeLessThan(0);
  });

  test('says that it cannot now when the others do not take its token, and goes on when they do', async () => {
    instead = ({ path }) => (path.startsWith('/reservations') ? problem(401, 'unauthorized') : undefined);
    const { send } = await checkout(5);
    const answer = await send();
    expect([answer.status, answer.body.code]).toEqual([503, 'unavailable']);
    instead = () => undefined;
    expect((await send()).status).toBe(201);
  });

  test('what ran out meanwhile is not paid for', async () => {
    instead = ({ path }) => (path.endsWith('/commit') ? problem(409, 'illegal-move') : undefined);
    const { session, send } = await checkout(6);
    const answer = await send();
    expect([answer.status, answer.body.code]).toEqual([409, 'out-of-stock']);
    const { items } = await session.expect(200, 'GET', '/orders');
    expect(items).toMatchObject([{ status: 'failed', payment: 'refunded', refunded: { amount: '5.00' } }]);
  });

  test('a stop answers what it has begun, and ends with 0', async () => {
    let reached: () => void = () => undefined;
    const waiting = new Promise<void>((done) => (reached = done));
    let held = true;
    instead = ({ path }) => {
      if (!path.startsWith('/reservations') || !held) return undefined;
      reached();
      return problem(503, 'unavailable');
    };
    const { send } = await checkout(7);
    const answer = send();
    await waiting;
    child?.kill('SIGTERM');
    held = false;
    expect((await answer).status).toBe(201);
    expect(await ended).toBe(0);
    expect(shop.broken).toEqual([]);
  });
});
