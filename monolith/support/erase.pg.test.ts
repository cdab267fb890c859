import { createHmac, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCluster, type Cluster } from '#stack/clusters.ts';
import { shopOn, type ShopUnderTest } from '../testing/shop-on.ts';

const secret = 'events-secret-of-tests';
let cluster: Cluster;
let shop: ShopUnderTest;

beforeAll(async () => {
  cluster = await startCluster();
  shop = await shopOn(await cluster.createDatabase('shop'), { eventsSecret: secret });
});
afterAll(async () => {
  await shop?.close();
  await cluster?.stop();
});

async function deliver(event: object, key = secret): Promise<number> {
  const body = JSON.stringify({ id: randomUUID(), at: new Date().toISOString(), ...event });
  const at = Math.floor(Date.now() / 1000);
  const mac = createHmac('sha256', key).update(`${at}.${body}`).digest('hex');
  const answer = await shop.app.inject({
    method: 'POST',
    url: '/internal/events',
    headers: { 'content-type': 'application/json', 'event-signature': `t=${at},v1=${mac}` },
    payload: body,
  });
  return answer.statusCode;
}

test('an ended account leaves no words on its tickets', async () => {
  const token = await shop.tokenOf('customer3');
  const opened = await shop.call('POST', '/tickets', {
    token,
    body: { kind: 'complaint', subject: 'Secret', message: 'Secret words' },
  });
  const path = `/tickets/${String(opened.body['id'])}`;
  expect((await shop.call('DELETE', '/users/3', { token })).status).toBe(204);
  const agent = await shop.tokenOf('agent');
  const subject = async () => (await shop.call('GET', path, { token: agent })).body['subject'];
  await expect.poll(subject, { timeout: 30_000 }).toBe('[erased]');
  const { rows } = await cluster.query(
    `select distinct body from tkt_msg join tkt using (tkt_id) where tkt.usr_id = 3`,
    'shop',
  );
  expect(rows).toEqual([{ body: '[erased]' }]);
  const others = await cluster.query(`select from tkt where subj = '[erased]' and usr_id <> 3`, 'shop');
  expect(others.rowCount).toBe(0);
});

test('what others tell of orders stands beside the ticket, once for each version', async () => {
  const order = { aggregateType: 'order', aggregateId: '5', data: { orderId: 5, userId: 4 } };
  expect(await deliver({ ...order, type: 'order.placed', version: 1 }, 'another')).toBe(401);
  for (const [type, version] of [
    ['order.confirmed', 2],
    ['order.placed', 1],
    ['order.confirmed', 2],
  ])
    expect(await deliver({ ...order, type, version })).toBe(204);
  const { body } = await shop.call('POST', '/tickets', {
    token: await shop.tokenOf('customer4'),
    body: { kind: 'complaint', subject: 'x', message: 'x' },
  });
  const history = await shop.call('GET', `/tickets/${String(body['id'])}/customer`, {
    token: await shop.tokenOf('agent'),
  });
  const timeline = history.body['timeline'] as { orderId: number; event: string }[];
  expect(timeline.map(({ orderId, event }) => `${orderId} ${event}`).sort()).toEqual([
    '5 order.confirmed',
    '5 order.placed',
  ]);
});
