import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startCluster, type Cluster } from '#stack/clusters.ts';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { shopOn, type ShopUnderTest } from '../testing/shop-on.ts';

interface Seen {
  call: string;
  headers: IncomingHttpHeaders;
}

let cluster: Cluster;
let shop: ShopUnderTest;
let pool: pg.Pool;
let elsewhere: Server;
let seen: Seen[] = [];
/** How often the other side still refuses before it answers: a switch is not over at once. */
let refusals = 0;

/** A tiny catalogue on the other side: it has every product, at another price than here. */
function answerElsewhere(method: string, path: string): { status: number; body: unknown } {
  const [, room = '', id = '', move] = path.split('/');
  if (refusals-- > 0) return { status: 503, body: { code: 'not-owner', detail: 'not yet' } };
  if (method === 'GET' && room === 'products') {
    const price = { amount: '99.00', currency: 'EUR' };
    const product = {
      id: Number(id),
      sku: 'x',
      name: 'Moved',
      description: '',
      categoryId: 1,
      price,
      available: 5,
    };
    return { status: 200, body: { ...product, status: 'active', createdAt: '', updatedAt: '' } };
  }
  if (room === 'reservations')
    return { status: 200, body: { state: move === 'commit' ? 'committed' : 'held' } };
  return { status: 404, body: { code: 'not-found', detail: 'unknown' } };
}

beforeAll(async () => {
  elsewhere = createServer((request, response) => {
    request.resume().on('end', () => {
      const path = request.url ?? '';
      seen.push({ call: `${request.method} ${path}`, headers: request.headers });
      const { status, body } = answerElsewhere(request.method ?? '', path);
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
  cluster = await startCluster();
  shop = await shopOn(await cluster.createDatabase('shop'), {
    publicUrl: `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}`,
  });
  pool = new pg.Pool({ connectionString: cluster.url('shop'), max: 2 });
  // As whoever moves the catalogue sets it up: a view of the owner, and triggers that refuse this side's writes.
  await pool.query(`
    create schema matapalo;
    create table matapalo.ownership (group_name text primary key, owner text, epoch bigint, closed boolean);
    insert into matapalo.ownership values ('catalogue', 'legacy', 1, false);
    create view matapalo.owner as select group_name, owner, epoch from matapalo.ownership;
    create function matapalo.guard() returns trigger language plpgsql as $$
      begin
        if (select closed from matapalo.ownership where group_name = 'catalogue') then
          raise exception 'the group has moved' using errcode = 'MP001';
        end if;
        return null;
      end $$`);
  for (const table of ['cat', 'prod', 'prod_stk', 'stk_adj', 'stk_rsv', 'stk_rsv_ln']) {
    await pool.query(`create trigger guard before insert or update or delete on ${table}
      for each statement execute function matapalo.guard()`);
  }
});

afterAll(async () => {
  await pool.end();
  await shop.close();
  await cluster.stop();
  elsewhere.closeAllConnections();
  await new Promise((resolve) => elsewhere.close(resolve));
});

const setOwner = (owner: string, closed: boolean) =>
  pool.query('update matapalo.ownership set owner = $1, closed = $2', [owner, closed]);

beforeEach(async () => {
  seen = [];
  refusals = 0;
  await setOwner('legacy', false);
});

async function fillCart(token: string): Promise<void> {
  await shop.call('PUT', '/cart', { token, body: { items: [{ productId: 1, quantity: 1 }] } });
}

const checkout = (token: string, headers: Record<string, string> = {}) =>
  shop.call('POST', '/orders', {
    token,
    headers: { 'idempotency-key': randomUUID(), ...headers },
    body: { payment: { cardToken: 'tok_ok' }, shipping: { name: 'Ada', address: 'Mill Street 1' } },
  });

test('while the catalogue lives here, nobody else is asked', async () => {
  const token = await shop.tokenOf('customer1');
  await fillCart(token);
  expect((await checkout(token)).status).toBe(201);
  expect(seen).toEqual([]);
});

test('once it has moved, a checkout goes to its new owner, with the headers of the request', async () => {
  const token = await shop.tokenOf('customer2');
  await fillCart(token);
  await setOwner('service', true);
  const answer = await checkout(token, {
    'matapalo-parent': 'signed-parent',
    'matapalo-epoch': '7',
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    'x-request-id': 'checkout-1',
  });
  expect(answer).toMatchObject({ status: 201, body: { total: { amount: '99.00' } } });
  expect(seen.map(({ call }) => call.replace(/[0-9a-f-]{36}/, 'ID'))).toEqual([
    'GET /products/1',
    'PUT /reservations/ID',
    'POST /reservations/ID/commit',
  ]);
  for (const { headers } of seen) {
    expect(headers).toMatchObject({
      authorization: `Bearer ${token}`,
      'matapalo-parent': 'signed-parent',
      'matapalo-epoch': '7',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      'x-request-id': 'checkout-1',
    });
  }
});

test('a write that raced the close runs again elsewhere, and waits for the other side to open', async () => {
  const token = await shop.tokenOf('customer3');
  await fillCart(token);
  // The row still says legacy while the guard refuses: the moment between reading the owner and writing.
  await setOwner('legacy', true);
  refusals = 2;
  expect((await checkout(token)).status).toBe(201);
  const reservations = seen.filter(({ call }) => call.startsWith('PUT /reservations/'));
  expect(reservations).toHaveLength(3);
  expect(new Set(reservations.map(({ call }) => call)).size).toBe(1);
  const { rows } = await pool.query('select count(*)::int as n from stk_rsv where usr_id = $1', ['3']);
  expect(rows).toEqual([{ n: 0 }]);
});

test("a write that reaches the catalogue's own routes is refused as moved, and asks nobody else", async () => {
  await setOwner('service', true);
  const manager = await shop.tokenOf('manager');
  const id = randomUUID();
  const attempts = [
    shop.call('PUT', '/products/1/price', { token: manager, body: { amount: '1.00' } }),
    shop.call('DELETE', '/products/1', { token: manager }),
    shop.call('POST', '/products', {
      token: manager,
      body: { sku: id, name: 'x', categoryId: 1, price: { amount: '1' } },
    }),
    shop.call('POST', '/products/1/stock-adjustments', {
      token: manager,
      body: { delta: 1, reason: 'x', adjustmentId: id },
    }),
    shop.call('PUT', `/reservations/${id}`, {
      token: manager,
      body: { lines: [{ productId: 1, quantity: 1 }] },
    }),
    // Idempotent moves too, though they might write nothing: what they read here may be old.
    shop.call('POST', `/reservations/${id}/commit`, { token: manager }),
    shop.call('POST', `/reservations/${id}/release`, { token: manager }),
  ];
  for (const answer of await Promise.all(attempts)) {
    expect(answer).toMatchObject({
      status: 503,
      body: { code: 'not-owner', type: '/problems/not-owner' },
      headers: { 'matapalo-refused': 'MP001', 'retry-after': '1' },
    });
  }
  expect(seen).toEqual([]);
});

test('the expiry of reservations rests while another side owns them', async () => {
  const token = await shop.tokenOf('customer4');
  const id = randomUUID();
  await shop.call('PUT', `/reservations/${id}`, { token, body: { lines: [{ productId: 1, quantity: 1 }] } });
  // The guard lets writes pass here, so that only the job's own question keeps it from expiring.
  await setOwner('service', false);
  await pool.query(`update stk_rsv set exp_dt = now() - interval '1 minute' where rsv_id = $1`, [id]);
  const state = async () => (await shop.call('GET', `/reservations/${id}`, { token })).body['state'];
  // Two rounds of the job, at least, have passed when five seconds have.
  await pool.query('select pg_sleep(5)');
  expect(await state()).toBe('held');
  await setOwner('legacy', false);
  await expect.poll(state, { timeout: 60_000 }).toBe('expired');
});
