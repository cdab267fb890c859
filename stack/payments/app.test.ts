import { createServer, type Server } from 'node:http';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createLog } from '#kernel/log.ts';
import { buildPayments } from './app.ts';
import type { Webhook } from './webhooks.ts';

const folder = mkdtempSync(join(tmpdir(), 'payments-'));
const headers = { authorization: 'Bearer key', 'content-type': 'application/json' };
let shop: Server;
let shopUrl: string;
/** What the shop has heard, and how often it says first that it cannot now. */
let heard: Webhook[] = [];
let refusals = 0;
let provider: FastifyInstance | undefined;
let url: string;

beforeAll(async () => {
  shop = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      if (refusals > 0) {
        refusals -= 1;
        response.writeHead(503).end();
        return;
      }
      heard.push(JSON.parse(text) as Webhook);
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((done) => shop.listen(0, '127.0.0.1', done));
  shopUrl = `http://127.0.0.1:${(shop.address() as AddressInfo).port}/`;
});
afterEach(async () => {
  await provider?.close();
  provider = undefined;
  heard = [];
});
afterAll(async () => {
  shop.closeAllConnections();
  await new Promise((done) => shop.close(done));
  rmSync(folder, { recursive: true, force: true });
});

async function start(file?: string): Promise<void> {
  provider = buildPayments(
    {
      apiKey: 'key',
      webhookUrl: shopUrl,
      webhookSecret: 'x',
      file: file === undefined ? undefined : join(folder, file),
      delayMs: 50,
    },
    createLog('payments', 'silent'),
  );
  url = await provider.listen({ host: '127.0.0.1', port: 0 });
}

async function ask(method: string, path: string, body?: object) {
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const answer = await fetch(url + path, { method, headers, ...sent });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}
const charge = (key: string, cardToken: string, amountCents = 500) =>
  ask('PUT', `/charges/${key}`, { amountCents, currency: 'EUR', cardToken });
const told = (key: string) => heard.filter((webhook) => webhook.key === key).map(({ type }) => type);

describe('the payment sandbox', () => {
  test('the card decides, the key makes it once', async () => {
    await start();
    expect((await charge('a', 'tok_visa')).body).toMatchObject({ state: 'approved', amountCents: 500 });
    expect((await charge('a', 'tok_decline')).body).toMatchObject({ state: 'approved' });
    expect((await charge('a', 'tok_visa', 600)).status).toBe(409);
    expect((await charge('b', 'tok_decline')).body).toMatchObject({ state: 'declined' });
    expect((await charge('c', 'tok_fail')).status).toBe(500);
    expect((await ask('GET', '/charges/c')).status).toBe(404);
    expect((await charge('d', 'tok_flaky')).status).toBe(500);
    expect((await charge('d', 'tok_flaky')).body).toMatchObject({ state: 'approved' });
    await expect(charge('e', 'tok_lose')).rejects.toThrow();
    expect((await ask('GET', '/charges/e')).body).toMatchObject({ state: 'approved' });
    expect((await charge('f', 'tok_delay')).body).toMatchObject({ state: 'pending' });
    await expect.poll(() => told('f')).toEqual(['charge.approved']);
    expect((await fetch(`${url}/charges`)).status).toBe(401);
  });

  test('what is cancelled takes no money, whenever its charge arrives', async () => {
    await start();
    expect((await ask('PUT', '/charges/a/cancellation', {})).body).toMatchObject({ state: 'voided' });
    expect((await charge('a', 'tok_visa')).body).toMatchObject({ state: 'voided' });
    await charge('b', 'tok_visa');
    for (const _ of [1, 2])
      expect((await ask('PUT', '/charges/b/cancellation', {})).body).toMatchObject({ refundedCents: 500 });
    const refund = { amountCents: 1, currency: 'EUR', chargeReference: '' };
    expect((await ask('PUT', '/charges/b/refunds/x', refund)).status).toBe(409);
  });

  test('tells until it is heard, and knows what it told after a start', async () => {
    refusals = 3;
    await start('books.jsonl');
    await charge('a', 'tok_visa');
    await charge('b', 'tok_stuck');
    await expect.poll(() => told('a'), { timeout: 20_000 }).toEqual(['charge.approved']);
    await provider?.close();
    await start('books.jsonl');
    expect((await ask('GET', '/charges/a')).body).toMatchObject({ state: 'approved' });
    expect((await charge('b', 'tok_stuck')).body).toMatchObject({ state: 'pending' });
    await ask('PUT', '/charges/b/decision', { state: 'declined' });
    await expect.poll(() => told('b'), { timeout: 20_000 }).toEqual(['charge.declined']);
  });
});
