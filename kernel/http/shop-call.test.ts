import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { jobPassage, type Passage } from './passage.ts';
import { createShopCall } from './shop-call.ts';

let server: Server;
let url: string;
/** What is answered, the last again and again. */
let statuses: number[] = [];
let asked: { path: string | undefined; headers: NodeJS.Dict<string | string[]> }[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push({ path: request.url, headers: request.headers });
    const status = statuses.length > 1 ? statuses.shift() : statuses[0];
    const type = (status ?? 200) >= 400 ? 'application/problem+json' : 'application/json';
    response.writeHead(status ?? 200, { 'content-type': type });
    response.end(JSON.stringify({ code: 'out-of-stock', title: 'Gone', detail: 'None is left.', status }));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/shop/`;
});
afterEach(() => (asked = []));
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
});

async function call(passage: Passage, answers: number[], patienceMs?: number): Promise<unknown> {
  statuses = [...answers];
  const shop = createShopCall(url, async () => 'token', patienceMs);
  try {
    return await shop.call(passage, { method: 'PUT', path: '/reservations/1', body: { lines: [] } });
  } finally {
    await shop.close();
  }
}
const request = { requestId: 'r', headers: { 'x-request-id': 'r', 'matapalo-parent': 'p' } };

describe('a call from one service to the shop', () => {
  test('brings its own token, and who waits for it', async () => {
    await call(request, [200]);
    expect(asked).toMatchObject([
      {
        path: '/shop/reservations/1',
        headers: { authorization: 'Bearer token', 'x-request-id': 'r', 'matapalo-parent': 'p' },
      },
    ]);
  });

  test('is made again while somebody is away', async () => {
    expect(await call(request, [503, 502, 504, 200])).toMatchObject({ status: 200 });
    expect(asked).toHaveLength(4);
  });

  test('gives a refusal back as it was, at once', async () => {
    const refused = { code: 'out-of-stock', status: 409, title: 'Gone', message: 'None is left.' };
    await expect(call(request, [409])).rejects.toMatchObject(refused);
    expect(asked).toHaveLength(1);
  });

  test('does not tell a client that the token was wrong: it is not the client’s', async () => {
    for (const status of [401, 403])
      await expect(call(request, [status])).rejects.toMatchObject({ code: 'unavailable', status: 503 });
  });

  test('ends with its patience: a job has little, for it comes back', async () => {
    await expect(call(jobPassage('j'), [503], 3_600_000)).rejects.toMatchObject({ code: 'unavailable' });
    expect(asked.length).toBeGreaterThan(1);
    await expect(call(jobPassage('j'), [503], 1)).rejects.toMatchObject({ code: 'unavailable' });
  });
});
