import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { installGuard } from '#guard/install.ts';
import { moveOwnership } from '#guard/ownership.ts';
import { signWebhook } from '#stack/payments/webhooks.ts';
import { ordersGroup as group } from './carry-rows.ts';
import { seededAccounts } from './monolith-alone.ts';
import { startOrdersBesideMonolith, type OrdersBesideMonolith } from './orders-beside-monolith.ts';
import { Session } from './session.ts';

let shop: OrdersBesideMonolith;
let pool: pg.Pool;
let customer: Session;
let manager: Session;
/** What the service has asked of the goods, for orders that may not be its own. */
let asked: string[] = [];
const query = async (sql: string) => (await shop.cluster.query(sql, shop.database)).rows;
const key = { 'idempotency-key': 'begun-elsewhere' };
const pays = { payment: { cardToken: 'tok_visa' }, shipping: { name: 'Ada', address: 'Mill Street 1' } };
const notice = JSON.stringify({
  id: crypto.randomUUID(),
  type: 'charge.approved',
  key: 'order-1',
  reference: 'r',
  at: '2026-01-01T00:00:00.000Z',
});

async function signIn(role: 'customer' | 'manager'): Promise<Session> {
  const session = new Session(shop.front.url);
  const body = seededAccounts.accounts[role];
  session.token = (await session.expect(200, 'POST', '/auth/login', { body })).accessToken as string;
  return session;
}

beforeAll(async () => {
  shop = await startOrdersBesideMonolith({
    standalone: false,
    watch: ({ method, path, phase }) => {
      if (phase === 'before' && /^\/(reservations|users\/\d)/.test(path)) asked.push(`${method} ${path}`);
    },
  });
  pool = new pg.Pool({ connectionString: shop.cluster.url(shop.database), max: 2 });
  [customer, manager] = [await signIn('customer'), await signIn('manager')];
  // Orders as a synchronisation brings them: one in the middle of its checkout, one on its way, one that arrived.
  await query(`
    insert into orders (id, user_id, state, total, reservation_id, updated_at) values
      (1, 1, 'buyer-verified', 2.50, gen_random_uuid(), now() - interval '1 hour'),
      (2, 1, 'confirmed', 2.50, null, now()), (3, 1, 'delivered', 2.50, null, now());
    insert into deliveries select id, 'Ada', 'Mill Street 1' from orders;
    insert into checkouts (order_id, user_id, idempotency_key, request_hash, card_token)
      select id, 1, case id when 1 then '${key['idempotency-key']}' else 'k' || id end,
        encode(sha256('["tok_visa","Ada","Mill Street 1"]'), 'hex'), 'tok_visa' from orders;
    insert into order_lines select id, 1, 1, 'Thing', 1, 2.50 from orders;
    insert into payments select id, 'charge', 0, 2.50, 'sandbox-charge-x' from orders where id > 1;
    insert into order_history select id, 1, state from orders;
    insert into cart_items values (1, 1, 1);
    alter sequence orders_id_seq restart with 100;
  `);
});
afterAll(async () => {
  await pool?.end();
  await shop?.stop();
});

/** Each write that the service may receive. */
const writes = (): [session: Session, method: string, path: string, body: unknown, headers?: object][] => [
  [customer, 'PUT', '/cart', { items: [] }],
  [new Session(shop.front.url), 'PUT', '/cart', { items: [] }],
  [customer, 'PUT', '/cart/items/1', { quantity: 1 }],
  [customer, 'DELETE', '/cart/items/1', undefined],
  [customer, 'POST', '/orders', pays, { 'idempotency-key': crypto.randomUUID() }],
  // The order is there, and has to be taken on by its owner.
  [customer, 'POST', '/orders', pays, key],
  [customer, 'POST', '/orders/2/cancel', undefined],
  [manager, 'POST', '/orders/2/tracking', { event: 'packed', place: '' }],
  [manager, 'POST', '/orders/2/tracking', { event: 'shipped', place: '' }],
  [manager, 'POST', '/orders/3/refund', undefined],
  [manager, 'POST', '/orders/3/refunds', { reason: 'x', lines: [{ productId: 1, quantity: 1 }] }, key],
  [
    new Session(shop.front.url),
    'POST',
    '/payments/webhooks',
    notice,
    { 'payment-signature': signWebhook(shop.config.webhookSecret, notice) },
  ],
];

async function expectAllRefused(): Promise<void> {
  for (const [session, method, path, body, headers = {}] of writes()) {
    const options = { body, headers: headers as Record<string, string> };
    const answer = await session.send(method, path, options);
    expect([method, path, answer.status, answer.body?.code]).toEqual([method, path, 503, 'not-owner']);
    expect(answer.headers.get('matapalo-refused')).toBe('MP001');
    expect(answer.headers.get('retry-after')).toBe('1');
  }
  expect(await query('select id, state from orders order by id')).toEqual([
    { id: 1, state: 'buyer-verified' },
    { id: 2, state: 'confirmed' },
    { id: 3, state: 'delivered' },
  ]);
  expect(await query('select user_id, product_id, quantity from cart_items')).toHaveLength(1);
  for (const table of ['outbox', 'provider_notices', 'guest_cart_items', 'refunds'])
    expect([table, await query(`select * from ${table}`)]).toEqual([table, []]);
  expect(asked).toEqual([]);
}

describe('an orders service that does not stand alone', () => {
  test('refuses every write while nobody has given it the group, asks nobody for anything, and reads', async () => {
    await expectAllRefused();
    expect((await customer.expect(200, 'GET', '/orders/2')).status).toBe('confirmed');
  });

  test('does so while the monolith owns the group, and leaves a stalled order alone', async () => {
    await installGuard(pool, group, 'service', 'legacy', 1n);
    await expectAllRefused();
    // Two rounds of the job, at least.
    await pool.query('select pg_sleep(1.5)');
    await expectAllRefused();
  });

  test('takes writes, and takes the stalled order on, once it owns the group', async () => {
    asked = [];
    await moveOwnership(pool, 'orders', {
      from: { owner: 'legacy', epoch: 1n },
      to: { owner: 'service', epoch: 2n },
      timeoutMs: 10_000,
    });
    const state = async () => (await query('select state from orders where id = 1'))[0]?.state as string;
    await expect.poll(state, { timeout: 60_000 }).toBe('confirmed');
    expect(asked.length).toBeGreaterThan(0);
    expect((await customer.call('POST', '/orders', { body: pays, headers: key })).status).toBe(201);
    await customer.expect(200, 'PUT', '/cart', { body: { items: [] } });
  });
});
