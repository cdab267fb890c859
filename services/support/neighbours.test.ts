import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { jobPassage } from '#kernel/http/passage.ts';
import { createShopCall } from '#kernel/http/shop-call.ts';
import { assertPromised } from '../../test/contract/contract.ts';
import { createAsk } from './ask.ts';
import { createKnowledge } from './bot/knowledge.ts';
import { createNeighbours, type Neighbours } from './neighbours.ts';

interface Seen {
  call: string;
  headers: Record<string, unknown>;
  body: unknown;
}

const at = '2026-05-03T10:00:00.000Z';
const money = (amount: string) => ({ amount, currency: 'EUR' });
const order = (id: number, userId: number) => ({
  id,
  userId,
  status: 'shipped',
  total: money('21.00'),
  lines: [{ productId: 3, name: 'Lamp', quantity: 2, price: money('10.50') }],
  shipping: { name: 'Ana', address: 'Long Lane 1' },
  payment: 'charged',
  refunded: money('0.00'),
  failure: null,
  createdAt: at,
  updatedAt: at,
});
const refund = {
  id: 1,
  orderId: 7,
  status: 'paid',
  amount: money('10.50'),
  reason: 'x',
  lines: [{ productId: 3, quantity: 1, amount: money('10.50'), restock: false }],
  createdAt: at,
  updatedAt: at,
};
const refused = (status: number, code: string) => ({
  status,
  body: { type: `/problems/${code}`, title: code, status, detail: code, code },
});

/** What the rest of the shop answers; what a test expects differs in `answers`. */
const usual: Record<string, { status: number; body: unknown }> = {
  'GET /orders/7': { status: 200, body: order(7, 5) },
  'GET /orders?customerId=5&limit=1': { status: 200, body: { items: [order(9, 5)], nextCursor: null } },
  'POST /orders/7/refunds': { status: 201, body: refund },
};
let answers = usual;
let seen: Seen[] = [];
let neighbours: Neighbours;
let broken: Error[] = [];
let close: () => Promise<unknown> = async () => undefined;

beforeAll(async () => {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const text = Buffer.concat(chunks).toString();
      seen.push({ call: `${method} ${url}`, headers, body: text === '' ? undefined : JSON.parse(text) });
      const { status, body } = answers[`${method} ${url}`] ?? refused(404, 'not-found');
      const type = status < 400 ? 'application/json' : 'application/problem+json';
      try {
        // A stand-in that answers what nobody promises would prove nothing.
        assertPromised(method, url, { status, body, headers: new Headers({ 'content-type': type }) });
      } catch (error) {
        broken.push(error as Error);
      }
      response.writeHead(status, { 'content-type': type }).end(JSON.stringify(body));
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  const shop = createShopCall(`http://127.0.0.1:${port}`, async () => 'support-token');
  neighbours = createNeighbours(shop.call);
  close = async () => {
    await shop.close();
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  };
});
beforeEach(() => {
  answers = usual;
  seen = [];
  broken = [];
});
afterAll(() => close());

const passage = {
  ...jobPassage('request-1'),
  headers: { 'x-request-id': 'request-1', 'matapalo-parent': 'signed-parent' },
};

test('every call bears the service’s own token, and the headers of the request behind it', async () => {
  await neighbours.order(passage, 7);
  expect(seen[0]).toMatchObject({
    call: 'GET /orders/7',
    headers: {
      authorization: 'Bearer support-token',
      'x-request-id': 'request-1',
      'matapalo-parent': 'signed-parent',
    },
  });
  expect(broken).toEqual([]);
});

test('a refund is asked for by its key, and says how much went back', async () => {
  const wanted = { orderId: 7, key: 'return-1', reason: 'x', lines: [{ productId: 3, quantity: 1 }] };
  expect(await neighbours.refundLines(passage, wanted)).toBe('10.50');
  expect(seen[0]).toMatchObject({
    headers: { 'idempotency-key': 'return-1' },
    body: { reason: 'x', lines: [{ productId: 3, quantity: 1 }] },
  });
  answers = { 'POST /orders/7/refunds': refused(409, 'refund-exceeds') };
  await expect(neighbours.refundLines(passage, wanted)).rejects.toMatchObject({ code: 'refund-exceeds' });
  expect(broken).toEqual([]);
});

test('what is not there is undefined, and has no shelf to go back to', async () => {
  expect(await neighbours.order(passage, 8)).toBeUndefined();
  expect(await neighbours.user(passage, 8)).toBeUndefined();
  await neighbours.restock(passage, {
    productId: 8,
    quantity: 1,
    adjustmentId: crypto.randomUUID(),
    reason: 'x',
  });
  answers = {
    'POST /products/8/stock-adjustments': refused(409, 'adjustment-conflict'),
    'GET /users/8': refused(403, 'forbidden'),
  };
  const again = { productId: 8, quantity: 1, adjustmentId: crypto.randomUUID(), reason: 'x' };
  await expect(neighbours.restock(passage, again)).rejects.toMatchObject({ code: 'adjustment-conflict' });
  // Its own token is refused: that is nothing to tell the client of.
  await expect(neighbours.user(passage, 8)).rejects.toMatchObject({ code: 'unavailable' });
  expect(broken).toEqual([]);
});

test('the bot looks at the asker’s orders only', async () => {
  const ask = createAsk(async () => createKnowledge([]), neighbours);
  expect((await ask(passage, 'Where is my order?', 5)).text).toMatch(/^Your order 9 of 2026-05-03/);
  expect((await ask(passage, 'Where is my order 7?', 5)).kind).toBe('order-status');
  expect((await ask(passage, 'Where is my order 7?', 6)).kind).toBe('hand-over');
  seen = [];
  expect((await ask(passage, 'Where is my order 7?', undefined)).kind).toBe('hand-over');
  expect([seen, broken]).toEqual([[], []]);
});
