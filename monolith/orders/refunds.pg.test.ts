import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCluster, type Cluster } from '#stack/clusters.ts';
import { shopOn, type ShopUnderTest } from '../testing/shop-on.ts';

let cluster: Cluster;
let shop: ShopUnderTest;
let pool: pg.Pool;
let manager: string;
let support: string;

beforeAll(async () => {
  cluster = await startCluster();
  shop = await shopOn(await cluster.createDatabase('shop'));
  pool = new pg.Pool({ connectionString: cluster.url('shop'), max: 2 });
  manager = await shop.tokenOf('manager');
  const { body } = await shop.call('POST', '/oauth/token', {
    body: {
      grant_type: 'client_credentials',
      client_id: 'support-service',
      client_secret: 'service-secret-1',
    },
  });
  support = String(body['access_token']);
});

afterAll(async () => {
  await pool.end();
  await shop.close();
  await cluster.stop();
});

async function shippedOrder(customer: string, quantity = 3): Promise<{ id: number; product: number }> {
  const token = await shop.tokenOf(customer);
  const made = await shop.call('POST', '/products', {
    token: manager,
    body: { sku: `T-${randomUUID()}`, name: 'Thing', categoryId: 1, price: { amount: '2.50' }, onHand: 10 },
  });
  const product = Number(made.body['id']);
  await shop.call('PUT', '/cart', { token, body: { items: [{ productId: product, quantity }] } });
  const { body } = await shop.call('POST', '/orders', {
    token,
    headers: { 'idempotency-key': randomUUID() },
    body: { payment: { cardToken: 'tok_ok' }, shipping: { name: 'Ada', address: 'Mill Street 1' } },
  });
  const id = Number(body['id']);
  await shop.call('POST', `/orders/${id}/tracking`, {
    token: manager,
    body: { event: 'shipped', place: 'Hub' },
  });
  return { id, product };
}

const refund = (id: number, key: string, lines: unknown[], token = support) =>
  shop.call('POST', `/orders/${id}/refunds`, {
    token,
    headers: { 'idempotency-key': key },
    body: { reason: 'scratched', lines },
  });
const stockOf = async (id: number) => (await shop.call('GET', `/products/${id}/availability`)).body;
const orderOf = async (id: number) => (await shop.call('GET', `/orders/${id}`, { token: manager })).body;

test('one key is one refund, however often and at once it is sent; goods and money go back once', async () => {
  const { id, product } = await shippedOrder('customer1');
  const key = randomUUID();
  const lines = [{ productId: product, quantity: 2, restock: true }];
  const answers = await Promise.all(Array.from({ length: 6 }, () => refund(id, key, lines)));
  for (const answer of answers)
    expect(answer).toMatchObject({
      status: 201,
      body: { id: answers[0]?.body['id'], status: 'done', amount: { amount: '5.00' } },
    });
  expect(await orderOf(id)).toMatchObject({ payment: 'partly-refunded', refunded: { amount: '5.00' } });
  expect(await stockOf(product)).toMatchObject({ onHand: 9, reserved: 0 });
  expect((await refund(id, key, [{ productId: product, quantity: 1 }])).body['code']).toBe(
    'idempotency-key-reused',
  );
  expect((await refund(id, randomUUID(), lines)).body['code']).toBe('refund-exceeds');
  const { rows } = await pool.query(
    `select evt_cd, ver_no::int from evt_out where agg_cd = 'order' and agg_id = $1 order by ver_no`,
    [String(id)],
  );
  const steps = ['placed', 'buyer-verified', 'reserved', 'paid', 'confirmed', 'shipped'];
  const told = [...steps, 'refund-opened', 'lines-refunded', 'lines-restocked'].map((step, index) => ({
    evt_cd: `order.${step}`,
    ver_no: index + 1,
  }));
  expect(rows).toEqual(told);
});

test('many refunds at once give back no more than was sold; the rest goes with a refund of the order', async () => {
  const { id, product } = await shippedOrder('customer2', 5);
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => refund(id, randomUUID(), [{ productId: product, quantity: 2 }])),
  );
  expect(answers.map(({ status }) => status).sort()).toEqual([201, 201, 409, 409, 409, 409, 409, 409]);
  const rest = await shop.call('POST', `/orders/${id}/refund`, { token: manager });
  expect(rest.body).toMatchObject({ status: 'refunded', payment: 'refunded', refunded: { amount: '12.50' } });
  expect((await refund(id, randomUUID(), [{ productId: product, quantity: 1 }])).body['code']).toBe(
    'illegal-move',
  );
  const { items } = (await shop.call('GET', `/orders/${id}/refunds`, { token: manager })).body as {
    items: unknown[];
  };
  expect(items).toHaveLength(2);
  expect(await stockOf(product)).toMatchObject({ onHand: 5 });
});

test('who may refund lines: a manager, and a service that was granted it', async () => {
  const { id, product } = await shippedOrder('customer3');
  const lines = [{ productId: product, quantity: 1 }];
  for (const who of ['customer3', 'agent'])
    expect([who, (await refund(id, randomUUID(), lines, await shop.tokenOf(who))).status]).toEqual([
      who,
      403,
    ]);
  expect((await refund(id, randomUUID(), lines, manager)).status).toBe(201);
  const stranger = await shop.tokenOf('customer4');
  expect((await shop.call('GET', `/orders/${id}/refunds`, { token: stranger })).status).toBe(404);
});

test('a refund that a dead process left is finished: paid once, restocked once', async () => {
  const { id, product } = await shippedOrder('customer5', 4);
  const opened = async (state: string) => {
    const { rows } = await pool.query<{ id: number }>(
      `insert into rfd (ord_id, stat_cd, amt_cents, rsn, idem_key, req_hsh, upd_dt)
       values ($1, $2, 250, 'test', $3, 'x', now() - interval '1 hour') returning rfd_id as id`,
      [id, state, randomUUID()],
    );
    const refundId = rows[0]?.id ?? 0;
    await pool.query(`insert into rfd_ln values ($1, $2, 1, 250, 'Y')`, [refundId, product]);
    if (state === 'M')
      await pool.query(
        `insert into pay (ord_id, kind_cd, mv_no, amt_cents, gw_ref) values ($1, 'R', $2, 250, 'r')`,
        [id, refundId],
      );
  };
  await opened('N');
  await opened('M');
  const states = async () =>
    (await pool.query<{ stat_cd: string }>('select stat_cd from rfd where ord_id = $1', [id])).rows.map(
      ({ stat_cd }) => stat_cd,
    );
  await expect.poll(states, { timeout: 60_000 }).toEqual(['D', 'D']);
  expect(await orderOf(id)).toMatchObject({ refunded: { amount: '5.00' } });
  expect(await stockOf(product)).toMatchObject({ onHand: 8 });
});
