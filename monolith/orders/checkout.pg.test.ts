import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCluster, type Cluster } from '#stack/clusters.ts';
import { shopOn, type ShopUnderTest } from '../testing/shop-on.ts';
import { namedUuid } from './order-rules.ts';

let cluster: Cluster;
let shop: ShopUnderTest;
let pool: pg.Pool;
let manager: string;

beforeAll(async () => {
  cluster = await startCluster();
  shop = await shopOn(await cluster.createDatabase('shop'));
  pool = new pg.Pool({ connectionString: cluster.url('shop'), max: 2 });
  manager = await shop.tokenOf('manager');
});

afterAll(async () => {
  await pool.end();
  await shop.close();
  await cluster.stop();
});

async function productWith(onHand: number): Promise<number> {
  const { body } = await shop.call('POST', '/products', {
    token: manager,
    body: { sku: `T-${randomUUID()}`, name: 'Thing', categoryId: 1, price: { amount: '2.50' }, onHand },
  });
  return Number(body['id']);
}

const fill = (token: string, productId: number, quantity: number) =>
  shop.call('PUT', '/cart', { token, body: { items: [{ productId, quantity }] } });
const checkout = (token: string, key: string, cardToken = 'tok_ok') =>
  shop.call('POST', '/orders', {
    token,
    headers: { 'idempotency-key': key },
    body: { payment: { cardToken }, shipping: { name: 'Ada', address: 'Mill Street 1' } },
  });
const stockOf = async (id: number) => (await shop.call('GET', `/products/${id}/availability`)).body;

test('one key is one order, however often and at how many places at once it is sent', async () => {
  const token = await shop.tokenOf('customer1');
  const product = await productWith(10);
  await fill(token, product, 2);
  const key = randomUUID();
  const answers = await Promise.all(Array.from({ length: 10 }, () => checkout(token, key)));
  for (const answer of answers) expect(answer).toMatchObject({ status: 201, body: answers[0]?.body });
  expect(await stockOf(product)).toMatchObject({ onHand: 8, reserved: 0 });
  const { rows } = await pool.query('select count(*)::int as n from ord where idem_key = $1', [key]);
  expect(rows).toEqual([{ n: 1 }]);
  const later = await checkout(token, key);
  expect(later).toMatchObject({ status: 201, body: answers[0]?.body });
  expect((await checkout(token, key, 'tok_other')).body).toMatchObject({ code: 'idempotency-key-reused' });
  expect((await checkout(token, randomUUID())).body).toMatchObject({ code: 'cart-empty' });
});

test('a declined card leaves stock and cart as they were, and says the same again', async () => {
  const token = await shop.tokenOf('customer2');
  const product = await productWith(3);
  await fill(token, product, 3);
  const key = randomUUID();
  const first = await checkout(token, key, 'tok_decline');
  expect(first).toMatchObject({ status: 402, body: { code: 'payment-declined' } });
  expect((await checkout(token, key, 'tok_decline')).body).toEqual(first.body);
  expect(await stockOf(product)).toMatchObject({ onHand: 3, reserved: 0 });
  expect((await shop.call('GET', '/cart', { token })).body['items']).toMatchObject([
    { productId: product, quantity: 3 },
  ]);
  expect((await checkout(token, randomUUID())).status).toBe(201);
});

test('of buyers who race for the last piece one gets it; the others are told, and not charged', async () => {
  const product = await productWith(1);
  const tokens = await Promise.all([3, 4, 5, 6].map((n) => shop.tokenOf(`customer${n}`)));
  for (const token of tokens) await fill(token, product, 1);
  const answers = await Promise.all(tokens.map((token) => checkout(token, randomUUID())));
  expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409]);
  expect(await stockOf(product)).toMatchObject({ onHand: 0, reserved: 0 });
  const { rows } = await pool.query(
    `select count(*)::int as n from pay join ord_ln using (ord_id) where prod_id = $1 and kind_cd = 'C'`,
    [product],
  );
  expect(rows).toEqual([{ n: 1 }]);
});

/** An order as a process that died in the middle of a step left it. */
async function stalledOrder(state: string, product: number): Promise<number> {
  const { rows } = await pool.query<{ ord_id: number }>(
    `insert into ord (usr_id, stat_cd, tot_cents, ship_nm, ship_addr, idem_key, req_hsh, pay_tok, upd_dt)
     values (7, $1, 250, 'Ada', 'Mill Street 1', $2, 'x', 'tok_ok', now() - interval '1 hour') returning ord_id`,
    [state, randomUUID()],
  );
  const id = rows[0]?.ord_id ?? 0;
  await pool.query(`insert into ord_ln values ($1, 1, $2, 'Thing', 1, 250)`, [id, product]);
  await pool.query('update ord set rsv_id = $2 where ord_id = $1', [id, namedUuid(`test/${id}`)]);
  if (state !== 'N') {
    await shop.call('PUT', `/reservations/${namedUuid(`test/${id}`)}`, {
      token: manager,
      body: { lines: [{ productId: product, quantity: 1 }] },
    });
  }
  if (state === 'P') await pool.query(`insert into pay values ($1, 'C', 250, 'r', now())`, [id]);
  return id;
}

test('what a dead process left is taken to its end: confirmed once, stock taken once', async () => {
  const product = await productWith(9);
  const ids = [
    await stalledOrder('N', product),
    await stalledOrder('R', product),
    await stalledOrder('P', product),
  ];
  const failing = await stalledOrder('Z', product);
  const states = async () =>
    (
      await pool.query('select stat_cd from ord where ord_id = any($1) order by ord_id', [[...ids, failing]])
    ).rows.map((row: { stat_cd: string }) => row.stat_cd);
  await expect.poll(states, { timeout: 60_000 }).toEqual(['C', 'C', 'C', 'F']);
  expect(await stockOf(product)).toMatchObject({ onHand: 6, reserved: 0 });
});

test('a cancelled order gives goods and money back once; a shipped one is not cancelled', async () => {
  const token = await shop.tokenOf('customer8');
  const product = await productWith(5);
  await fill(token, product, 2);
  const { id } = (await checkout(token, randomUUID())).body;
  const cancels = await Promise.all(
    Array.from({ length: 5 }, () => shop.call('POST', `/orders/${Number(id)}/cancel`, { token })),
  );
  for (const answer of cancels) expect(answer).toMatchObject({ status: 200, body: { payment: 'refunded' } });
  expect(await stockOf(product)).toMatchObject({ onHand: 5, reserved: 0 });

  await fill(token, product, 1);
  const shipped = Number((await checkout(token, randomUUID())).body['id']);
  const agent = await shop.tokenOf('agent');
  const track = (event: string) =>
    shop.call('POST', `/orders/${shipped}/tracking`, { token: agent, body: { event, place: 'Ghent' } });
  expect((await track('delivered')).status).toBe(409);
  expect((await track('shipped')).status).toBe(200);
  expect((await shop.call('POST', `/orders/${shipped}/cancel`, { token })).status).toBe(409);
  expect((await shop.call('POST', `/orders/${shipped}/refund`, { token })).status).toBe(403);
  expect((await shop.call('POST', `/orders/${shipped}/refund`, { token: manager })).body['status']).toBe(
    'refunded',
  );
});

test("another customer's order does not exist for the caller", async () => {
  const token = await shop.tokenOf('customer9');
  const { rows } = await pool.query<{ ord_id: number }>('select ord_id from ord where usr_id <> 9 limit 1');
  const id = rows[0]?.ord_id ?? 0;
  for (const url of [`/orders/${id}`, `/orders/${id}/tracking`]) {
    expect((await shop.call('GET', url, { token })).status).toBe(404);
  }
  expect((await shop.call('POST', `/orders/${id}/cancel`, { token })).status).toBe(404);
  expect((await shop.call('GET', '/orders?customerId=1', { token })).status).toBe(403);
});
