import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startOrdersBesideMonolith, type OrdersBesideMonolith } from './orders-beside-monolith.ts';
import { Session } from './session.ts';

let shop: OrdersBesideMonolith;
/** The same customers and goods, and two modules that keep orders: the monolith's own, and the service. */
let sides: Record<'monolith' | 'service', string>;

beforeAll(async () => {
  shop = await startOrdersBesideMonolith();
  sides = { monolith: shop.monolith.baseUrl, service: shop.front.url };
  // Ids are told apart from each other, and are the same on both sides.
  await shop.monolith.cluster.query(
    'alter sequence ord_ord_id_seq restart with 7001; alter sequence rfd_rfd_id_seq restart with 501',
    shop.monolith.database,
  );
  await shop.cluster.query(
    'alter sequence orders_id_seq restart with 7001; alter sequence refunds_id_seq restart with 501',
    shop.database,
  );
});
afterAll(() => shop?.stop());

async function signIn(name: string, baseUrl: string): Promise<Session> {
  const session = new Session(baseUrl);
  const body = { email: `${name}@shop.example`, password: 'shop-password-1' };
  session.token = (await session.expect(200, 'POST', '/auth/login', { body })).accessToken as string;
  return session;
}

const pays = (cardToken: string) => ({
  payment: { cardToken },
  shipping: { name: 'Ada', address: 'Mill Street 1' },
});
const normalised = (body: unknown, product: number) =>
  (JSON.stringify(body) ?? '')
    .replaceAll(instants, '"<instant>"')
    .replaceAll(new RegExp(`(productId":|[Pp]roduct )${product}\\b`, 'g'), '$1<product>');
const instants = /"\d{4}-\d\d-\d\dT[\d:.]+Z"/g;

/** Everything that a customer, an agent and a manager do to orders, and everything that is refused. */
async function story(side: keyof typeof sides): Promise<{ told: string[]; product: number }> {
  const baseUrl = sides[side];
  const [customer, other, agent, manager] = await Promise.all(
    ['customer11', 'customer12', 'agent', 'manager'].map((name) => signIn(name, baseUrl)),
  );
  if (customer === undefined || other === undefined || agent === undefined || manager === undefined)
    throw new Error();
  // Of its own, as are the keys below: reservations are named by them, and both sides ask one catalogue.
  const { items: categories } = await manager.expect(200, 'GET', '/categories');
  const price = { amount: '2.50' };
  const { id: product } = await manager.expect(201, 'POST', '/products', {
    body: { sku: `SAME-${side}`, name: 'Thing', categoryId: categories[0].id, price, onHand: 500 },
  });
  const told: string[] = [];
  const tell = async (session: Session, method: string, path: string, body?: unknown, key?: string) => {
    const headers = key === undefined ? {} : { 'idempotency-key': key.replace(/^\w+$/, `$&-${side}`) };
    const answer = await session.call(method, path, { headers, ...(body === undefined ? {} : { body }) });
    const text = normalised(answer.body, product as number);
    const location = answer.headers.get('location') ?? '';
    told.push(
      `${method} ${path} -> ${answer.status} ${location} ${answer.headers.get('content-type')} ${text}`,
    );
  };
  const items = [{ productId: product, quantity: 3 }];
  await tell(customer, 'POST', '/orders', pays('tok_visa'), 'empty');
  await tell(customer, 'PUT', '/cart', { items: [...items, ...items] });
  await tell(customer, 'PUT', '/cart', { items: [{ productId: 2_147_483_647, quantity: 1 }] });
  await tell(customer, 'PUT', '/cart', { items: [{ productId: product, quantity: 0 }] });
  for (const [key, card] of [
    ['good', 'tok_visa'],
    ['declined', 'tok_decline'],
    ['second', 'tok_visa'],
    ['good', 'tok_visa'],
    ['good', 'tok_other'],
    ['bad card', 'tok_visa'],
  ] as const) {
    await tell(customer, 'PUT', '/cart', { items });
    await tell(customer, 'POST', '/orders', pays(card), key);
  }
  await tell(customer, 'POST', '/orders', { ...pays('tok_visa'), more: 1 }, 'k');
  await tell(customer, 'POST', '/orders', pays('card'), 'k');
  await tell(customer, 'POST', '/orders', pays('tok_visa'));
  const [first, failed, second] = ['/orders/7001', '/orders/7002', '/orders/7003'];
  for (const order of [first, failed, second, '/orders/1000000000', '/orders/x', '/orders/0']) {
    for (const path of ['', '/history', '/tracking', '/refunds']) {
      await tell(customer, 'GET', `${order}${path}`);
      await tell(other, 'GET', `${order}${path}`);
    }
  }
  await tell(other, 'POST', `${second}/cancel`);
  await tell(customer, 'POST', `${second}/cancel`);
  await tell(customer, 'POST', `${second}/cancel`);
  await tell(customer, 'POST', `${failed}/cancel`);
  for (const event of ['delivered', 'packed', 'packed', 'shipped', 'shipped', 'delivered'])
    await tell(agent, 'POST', `${first}/tracking`, { event, place: 'Hub' });
  await tell(agent, 'POST', `${first}/tracking`, { event: 'eaten', place: 'Hub' });
  await tell(customer, 'POST', `${first}/cancel`);
  await tell(agent, 'POST', `${first}/refund`);
  const line = { productId: product, quantity: 1 };
  for (const [key, lines] of [
    ['one', [line]],
    ['one', [line]],
    ['one', [{ ...line, quantity: 2 }]],
    ['two', [{ ...line, quantity: 3 }]],
    ['three', [line, line]],
    ['four', [{ productId: 1, quantity: 1 }]],
    ['five', [{ ...line, restock: true }]],
    ['six', []],
  ] as const)
    await tell(manager, 'POST', `${first}/refunds`, { reason: 'because', lines }, key);
  await tell(manager, 'POST', `${failed}/refunds`, { reason: 'because', lines: [line] }, 'x');
  await tell(customer, 'POST', `${first}/refunds`, { reason: 'because', lines: [line] }, 'x');
  await tell(manager, 'POST', `${first}/refund`);
  await tell(manager, 'POST', `${first}/refund`);
  for (const path of ['', '/history', '/tracking', '/refunds'])
    await tell(customer, 'GET', `${first}${path}`);
  for (const query of [
    'customerId=1',
    'status=none',
    'status=refunded',
    'limit=0',
    'limit=101',
    'cursor=junk',
    'from=yesterday',
    'from=0000-01-01T00:00:00Z',
    'to=2000-01-01T00:00:00Z',
    'q=',
    'q=thing',
  ])
    await tell(customer, 'GET', `/orders?${query}`);
  await tell(customer, 'PUT', '/cart', { items: [] });
  return { told, product: product as number };
}

const eventsOf = async (side: 'monolith' | 'service', product: number) => {
  const { rows } =
    side === 'service'
      ? await shop.cluster.query(
          `select aggregate_id as id, version::int, type, payload from outbox where aggregate_type = 'order' order by 1, 2`,
          shop.database,
        )
      : await shop.monolith.cluster.query(
          `select agg_id as id, ver_no::int as version, evt_cd as type, data as payload from evt_out
           where agg_cd = 'order' order by 1, 2`,
          shop.monolith.database,
        );
  return rows.map((row) => normalised(row, product));
};

describe('the monolith’s orders and the service', () => {
  test('answer a whole story in the same words, and tell the same events', async () => {
    const monolith = await story('monolith');
    const service = await story('service');
    expect(service.told).toEqual(monolith.told);
    expect(monolith.told.length).toBeGreaterThan(100);
    const events = await eventsOf('monolith', monolith.product);
    expect(await eventsOf('service', service.product)).toEqual(events);
    expect(events.length).toBeGreaterThan(20);
  });
});
