import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { signWebhook } from '#stack/payments/webhooks.ts';
import { checkout, fillCart } from '../../test/contract/orders.ts';
import {
  eventsSecret,
  startOrdersBesideMonolith,
  type OrdersBesideMonolith,
} from '../../test/contract/orders-beside-monolith.ts';
import { eventually, Session } from '../../test/contract/session.ts';

let shop: OrdersBesideMonolith;
beforeAll(async () => {
  shop = await startOrdersBesideMonolith();
});
afterAll(() => shop?.stop());

async function signIn(name: string, baseUrl: string): Promise<Session> {
  const session = new Session(baseUrl);
  const body = { email: `${name}@shop.example`, password: 'shop-password-1' };
  session.token = (await session.expect(200, 'POST', '/auth/login', { body })).accessToken as string;
  return session;
}

/** Delivers an event to the service itself, as the shop's events are. */
async function deliver(event: object, secret = eventsSecret): Promise<number> {
  const body = JSON.stringify(event);
  const headers = { 'content-type': 'application/json', 'event-signature': signWebhook(secret, body) };
  return (await fetch(`${shop.serviceUrl}/internal/events`, { method: 'POST', headers, body })).status;
}

const ended = (userId: number, version: number) => ({
  id: randomUUID(),
  type: 'user.erased',
  aggregateType: 'user',
  aggregateId: String(userId),
  version,
  at: new Date().toISOString(),
  data: { userId },
});

const everything = {
  service: () =>
    shop.cluster.query(
      `select concat((select json_agg(d) from deliveries d), (select json_agg(c) from checkouts c),
         (select json_agg(o) from outbox o)) as text`,
      shop.database,
    ),
  monolith: () =>
    shop.monolith.cluster.query(
      `select concat((select json_agg(o) from ord o where ord_id > 1000), (select json_agg(e) from evt_out e)) as text`,
      shop.monolith.database,
    ),
};

describe.each(['service', 'monolith'] as const)('an account that ended, to the orders of the %s', (side) => {
  test('is forgotten as soon as nothing is on its way to it; the books stay', async () => {
    const baseUrl = side === 'service' ? shop.front.url : shop.monolith.baseUrl;
    const name = side === 'service' ? 'customer21' : 'customer22';
    if (side === 'monolith')
      await shop.monolith.cluster.query(
        'alter sequence ord_ord_id_seq restart with 5001',
        shop.monolith.database,
      );
    const [customer, admin] = [await signIn(name, baseUrl), await signIn('admin', baseUrl)];
    const { id: userId } = await customer.expect(200, 'GET', '/users/me');
    const { items } = await admin.expect(200, 'GET', '/products?inStock=true&limit=1');
    const order = async () => {
      await fillCart(customer, [[items[0].id as number, 1]]);
      const body = {
        payment: { cardToken: 'tok_visa' },
        shipping: { name: 'Wanda Walker', address: 'Fig 7' },
      };
      return (await checkout(customer, randomUUID(), body)).body as { id: number; total: object };
    };
    const note = (id: number, event: string) =>
      admin.expect(200, 'POST', `/orders/${id}/tracking`, { body: { event, place: '' } });
    const [arrived, coming] = [await order(), await order()];
    for (const event of ['shipped', 'delivered']) await note(arrived.id, event);
    await note(coming.id, 'shipped');
    await fillCart(customer, [[items[0].id as number, 1]]);

    await admin.expect(204, 'DELETE', `/users/${userId}`);
    if (side === 'service') {
      expect(await deliver(ended(userId as number, 9), 'another secret')).toBe(401);
      for (const version of [9, 9, 3]) expect(await deliver(ended(userId as number, version))).toBe(204);
    }
    const addressOf = async (id: number) => (await admin.expect(200, 'GET', `/orders/${id}`)).shipping;
    const erased = { name: '[erased]', address: '[erased]' };
    await eventually(async () => expect(await addressOf(arrived.id)).toEqual(erased));
    expect(await addressOf(coming.id)).toEqual({ name: 'Wanda Walker', address: 'Fig 7' });
    await note(coming.id, 'delivered');
    await eventually(async () => expect(await addressOf(coming.id)).toEqual(erased));
    expect((await admin.expect(200, 'GET', `/orders/${coming.id}`)).total).toEqual(coming.total);
    const { rows } = await everything[side]();
    expect(rows[0]?.text).toContain('order.erased');
    expect(rows[0]?.text).not.toMatch(/Wanda|Fig 7/);
  });
});
