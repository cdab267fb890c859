import { createHmac, randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seededAccounts } from '../../test/contract/monolith-alone.ts';
import { eventually, Session } from '../../test/contract/session.ts';
import {
  eventsSecret,
  startSupportBesideMonolith,
  type SupportBesideMonolith,
} from '../../test/contract/support-beside-monolith.ts';

let shop: SupportBesideMonolith;
let customer: Session;
let agent: Session;
let customerId = 0;
let ticket: { id: number };

const query = async (sql: string) => (await shop.cluster.query(sql, shop.database)).rows;
const signIn = async (role: 'customer' | 'agent') => {
  const session = new Session(shop.front.url);
  const tokens = await session.expect(200, 'POST', '/auth/login', { body: seededAccounts.accounts[role] });
  session.token = tokens.accessToken as string;
  return session;
};

/** Delivers an event to the service itself, as the shop's events are. */
async function deliver(
  event: object,
  { secret = eventsSecret, seconds = Date.now() / 1000 } = {},
): Promise<number> {
  const body = JSON.stringify(event);
  const at = Math.floor(seconds);
  const mac = createHmac('sha256', secret).update(`${at}.${body}`).digest('hex');
  const headers = { 'content-type': 'application/json', 'event-signature': `t=${at},v1=${mac}` };
  return (await fetch(`${shop.serviceUrl}/internal/events`, { method: 'POST', headers, body })).status;
}

const event = (type: string, version: number, data: object, at = new Date().toISOString()) => ({
  id: randomUUID(),
  type,
  aggregateType: type.split('.')[0],
  aggregateId: '1',
  version,
  at,
  data,
});
const timeline = async () =>
  (await agent.expect(200, 'GET', `/tickets/${ticket.id}/customer`)).timeline as {
    orderId: number;
    event: string;
  }[];

beforeAll(async () => {
  shop = await startSupportBesideMonolith();
  [customer, agent] = await Promise.all([signIn('customer'), signIn('agent')]);
  customerId = (await customer.expect(200, 'GET', '/users/me')).id as number;
  ticket = await customer.expect(201, 'POST', '/tickets', {
    body: {
      kind: 'complaint',
      subject: 'Secret subject',
      message: 'Secret words',
      attachments: [{ name: 'secret.jpg', type: 'image/jpeg', size: 1, sha256: 'ab'.repeat(32) }],
    },
  });
  await agent.expect(201, 'POST', `/tickets/${ticket.id}/messages`, { body: { body: 'Dear secret person' } });
});
afterAll(() => shop?.stop());

describe('what support hears', () => {
  test('is believed only when it is signed, and not long ago', async () => {
    const told = event('user.erased', 3, { userId: customerId });
    expect(await deliver(told, { secret: 'another' })).toBe(401);
    expect(await deliver(told, { seconds: Date.now() / 1000 - 3600 })).toBe(401);
    expect(await deliver({ ...told, id: 'x' })).toBe(400);
    expect(await query('select * from erasures')).toEqual([]);
  });

  test('of an order stands beside its customer’s ticket, in its order, however it was delivered', async () => {
    const steps = ['placed', 'reserved', 'paid', 'confirmed', 'shipped'];
    const told = steps.map((step, index) =>
      event(
        `order.${step}`,
        index + 1,
        { orderId: 7, userId: customerId },
        `2026-05-0${index + 1}T08:00:00.000Z`,
      ),
    );
    const other = event('order.placed', 1, { orderId: 8, userId: customerId + 1 });
    const strange = [event('order.placed', 1, {}), event('weather.changed', 1, { userId: customerId })];
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray([...told, ...told, other, ...strange], { minLength: 13, maxLength: 13 }),
        async (deliveries) => {
          await query('delete from order_history');
          for (const one of deliveries) expect(await deliver(one)).toBe(204);
          expect((await timeline()).map(({ orderId, event: name }) => [orderId, name])).toEqual(
            steps.map((step) => [7, `order.${step}`]).reverse(),
          );
        },
      ),
      { numRuns: 8, seed: 3 },
    );
  });

  test('of an ended account erases all words of its tickets, those that come late too, and nobody else’s', async () => {
    const other = await agent.expect(201, 'POST', '/tickets', {
      body: { kind: 'complaint', subject: 'Stays', message: 'Stays, too' },
    });
    for (let twice = 0; twice < 2; twice += 1)
      expect(await deliver(event('user.erased', 3, { userId: customerId }))).toBe(204);
    const words = async () => {
      const [found] = await query(`
        select (select json_agg(t) from tickets t)::text || (select json_agg(m) from messages m)::text ||
          (select json_agg(a) from attachments a)::text || (select json_agg(o) from outbox o)::text as words`);
      return found?.words as string;
    };
    await eventually(async () => expect(await words()).not.toMatch(/secret/i));
    const left = await agent.expect(200, 'GET', `/tickets/${ticket.id}`);
    expect([left.subject, ...left.messages.map(({ body }: { body: string }) => body)]).toEqual(
      Array(3).fill('[erased]'),
    );
    expect([left.customerId, left.status, left.messages[0].attachments[0].name]).toEqual([
      customerId,
      'waiting',
      '[erased]',
    ]);
    // A token outlives its account by minutes.
    await customer.expect(201, 'POST', `/tickets/${ticket.id}/messages`, { body: { body: 'Secret again' } });
    await eventually(async () => expect(await words()).not.toMatch(/secret/i));
    expect((await agent.expect(200, 'GET', `/tickets/${other.id}`)).subject).toBe('Stays');
    const told = await query(`select version::int from outbox where type = 'ticket.erased' order by 1`);
    expect(told).toEqual([{ version: 3 }, { version: 5 }]);
    // Once nothing can come any more it is left alone.
    await query(`update erasures set heard_at = now() - interval '1 hour'`);
    await eventually(async () =>
      expect(await query('select 1 from erasures where settled_at is null')).toEqual([]),
    );
  });
});
