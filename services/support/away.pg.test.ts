import { afterAll, beforeAll, expect, test } from 'vitest';
import { seededContext } from '../../test/contract/seeded-context.ts';
import {
  startSupportBesideMonolith,
  type SupportBesideMonolith,
} from '../../test/contract/support-beside-monolith.ts';
import { deliveredMaker } from '../../test/contract/support-returns.ts';

let away: RegExp | undefined;
let shop: SupportBesideMonolith;
const context = () => seededContext(shop.front.url, 'away');

beforeAll(async () => {
  shop = await startSupportBesideMonolith({
    watch: ({ method, path, phase }) => {
      // As a proxy in front of nobody: a 502.
      if (phase === 'before' && away?.test(`${method} ${path}`) === true) throw new Error('away');
    },
  });
});
afterAll(() => shop?.stop());

test('while the orders or the catalogue are away an approval stands, and is settled when they are back', async () => {
  const { session, product, order, put } = await deliveredMaker(context())();
  const agent = await context().as('agent');
  for (const [neighbour, left, quantity] of [
    [/^POST \/orders\/\d+\/refunds$/, 'approved', 4],
    [/^POST \/products\/\d+\/stock-adjustments$/, 'refunded', 5],
  ] as const) {
    const id = crypto.randomUUID();
    expect((await put(id, 1)).status).toBe(201);
    away = neighbour;
    expect((await agent.expect(200, 'POST', `/returns/${id}/approve`)).status).toBe(left);
    away = undefined;
    const status = async () => (await session.expect(200, 'GET', `/returns/${id}`)).status as string;
    await expect.poll(status, { timeout: 60_000 }).toBe('completed');
    expect((await session.expect(200, 'GET', `/products/${product.id}/availability`)).onHand).toBe(quantity);
  }
  expect((await session.expect(200, 'GET', `/orders/${order.id}/refunds`)).items).toHaveLength(2);
});

test('while the orders are away the bot hands over what only they know, and answers the rest', async () => {
  const { session } = await deliveredMaker(context())();
  const ask = (question: string) => session.expect(200, 'POST', '/support/bot', { body: { question } });
  expect((await ask('Where is my order?')).kind).toBe('order-status');
  away = /^GET \/orders/;
  expect((await ask('Where is my order?')).kind).toBe('hand-over');
  expect((await ask('How do I return a parcel?')).kind).toBe('article');
  const body = { kind: 'question', subject: 'Where', message: 'Where is my order?' };
  const ticket = await session.expect(201, 'POST', '/tickets', { body });
  expect([ticket.status, ticket.messages.length]).toEqual(['new', 1]);
  away = undefined;
});
