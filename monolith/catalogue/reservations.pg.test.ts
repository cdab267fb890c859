import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCluster, type Cluster } from '#stack/clusters.ts';
import { shopOn, type ShopUnderTest } from '../testing/shop-on.ts';

let cluster: Cluster;
let shop: ShopUnderTest;
let pool: pg.Pool;
let token: string;
let manager: string;

beforeAll(async () => {
  cluster = await startCluster();
  shop = await shopOn(await cluster.createDatabase('shop'));
  pool = new pg.Pool({ connectionString: cluster.url('shop'), max: 2 });
  token = await shop.tokenOf('customer1');
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
    body: { sku: `T-${randomUUID()}`, name: 'Thing', categoryId: 1, price: { amount: '1.00' }, onHand },
  });
  return Number(body['id']);
}

const reserve = (id: string, productId: number, quantity: number, ttlSeconds = 900) =>
  shop.call('PUT', `/reservations/${id}`, { token, body: { lines: [{ productId, quantity }], ttlSeconds } });
const availabilityOf = async (id: number) => (await shop.call('GET', `/products/${id}/availability`)).body;

test('under concurrency no more is held than there is, and what is held adds up', async () => {
  const [a, b] = [await productWith(20), await productWith(30)];
  const attempts = Array.from({ length: 60 }, (_, n) => {
    const lines = [
      { productId: a, quantity: 1 },
      { productId: b, quantity: 1 },
    ];
    // Half of them name the products the other way round: a ring of waiting locks would show as 40P01.
    return shop.call('PUT', `/reservations/${randomUUID()}`, {
      token,
      body: { lines: n % 2 === 0 ? lines : lines.toReversed() },
    });
  });
  const statuses = (await Promise.all(attempts)).map(({ status }) => status);
  expect(statuses.filter((status) => status === 201)).toHaveLength(20);
  expect(statuses.filter((status) => status === 409)).toHaveLength(40);
  expect(await availabilityOf(a)).toEqual({ productId: a, onHand: 20, reserved: 20, available: 0 });
  expect(await availabilityOf(b)).toEqual({ productId: b, onHand: 30, reserved: 20, available: 10 });
});

test('one id holds once, however often and at how many places at once it is asked for', async () => {
  const product = await productWith(10);
  const id = randomUUID();
  const statuses = (await Promise.all(Array.from({ length: 12 }, () => reserve(id, product, 3)))).map(
    (a) => a.status,
  );
  expect(statuses.filter((status) => status === 201)).toHaveLength(1);
  expect(statuses.filter((status) => status === 200)).toHaveLength(11);
  expect(await availabilityOf(product)).toMatchObject({ onHand: 10, reserved: 3 });
  expect((await reserve(id, product, 4)).body).toMatchObject({ code: 'reservation-conflict' });
});

test('commit and release, raced: one of them wins, and stock moves once', async () => {
  const product = await productWith(5);
  const id = randomUUID();
  await reserve(id, product, 2);
  const moves = Array.from({ length: 10 }, (_, n) =>
    shop.call('POST', `/reservations/${id}/${n % 2 === 0 ? 'commit' : 'release'}`, { token }),
  );
  const statuses = (await Promise.all(moves)).map(({ status }) => status).sort();
  expect(statuses).toEqual([200, 200, 200, 200, 200, 409, 409, 409, 409, 409]);
  const { state } = (await shop.call('GET', `/reservations/${id}`, { token })).body;
  expect(await availabilityOf(product)).toMatchObject({ onHand: state === 'committed' ? 3 : 5, reserved: 0 });
});

test('what is refused holds nothing, and leaves the id free', async () => {
  const product = await productWith(1);
  const id = randomUUID();
  expect((await reserve(id, product, 2)).body).toMatchObject({ status: 409, code: 'out-of-stock' });
  expect((await shop.call('GET', `/reservations/${id}`, { token })).status).toBe(404);
  expect((await reserve(id, product, 1)).status).toBe(201);
});

test('an overdue reservation gives back what it held, by the job or by the commit that came too late', async () => {
  const product = await productWith(4);
  const [late, swept] = [randomUUID(), randomUUID()];
  await reserve(late, product, 1);
  await reserve(swept, product, 1);
  await pool.query(`update stk_rsv set exp_dt = now() - interval '1 second' where rsv_id = any($1)`, [
    [late, swept],
  ]);
  expect((await shop.call('POST', `/reservations/${late}/commit`, { token })).body).toMatchObject({
    code: 'illegal-move',
  });
  await expect
    .poll(async () => (await shop.call('GET', `/reservations/${swept}`, { token })).body['state'], {
      timeout: 60_000,
    })
    .toBe('expired');
  expect(await availabilityOf(product)).toMatchObject({ onHand: 4, reserved: 0 });
});

test('an adjustment counts once, and never takes what is reserved', async () => {
  const product = await productWith(5);
  await reserve(randomUUID(), product, 3);
  const adjustmentId = randomUUID();
  const adjust = (delta: number, id = adjustmentId) =>
    shop.call('POST', `/products/${product}/stock-adjustments`, {
      token: manager,
      body: { delta, reason: 'count', adjustmentId: id },
    });
  const statuses = (await Promise.all(Array.from({ length: 8 }, () => adjust(-2))))
    .map(({ status }) => status)
    .sort();
  expect(statuses).toEqual([200, 200, 200, 200, 200, 200, 200, 201]);
  expect(await availabilityOf(product)).toMatchObject({ onHand: 3, reserved: 3 });
  expect((await adjust(-1)).body).toMatchObject({ code: 'adjustment-conflict' });
  expect((await adjust(-1, randomUUID())).body).toMatchObject({ code: 'stock-below-reserved' });
});
