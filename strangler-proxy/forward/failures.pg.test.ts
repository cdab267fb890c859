import { request as httpRequest } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { startCluster, type Cluster } from '#stack/clusters.ts';
import { bothPaths } from '../testing/paths.ts';
import { sendRaw } from '../testing/raw.ts';
import { startWorld, until, type World } from '../testing/world.ts';
import type { PlanSpec } from '../testing/plan.ts';

let cluster: Cluster;
let world: World | undefined;
let raw: Server | undefined;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.stop());
afterEach(async () => {
  await world?.close();
  raw?.close();
  world = raw = undefined;
});

const open = async (spec: PlanSpec = {}) => (world = await startWorld(cluster, spec));
/** An upstream of bare bytes. */
const rawUpstream = async (onRequest: (socket: Socket, count: number) => void) => {
  let count = 0;
  raw = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', () => onRequest(socket, ++count));
  });
  const server = raw;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = raw.address();
  return {
    monolith: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    count: () => count,
  };
};
const expectProblem = async (response: Response, status: number) => {
  expect(response.status).toBe(status);
  expect(response.headers.get('content-type')).toContain('application/problem+json');
  const text = await response.text();
  expect(text).not.toMatch(/127\.0\.0\.1|ECONN|localhost/);
  return JSON.parse(text);
};

test.each(bothPaths)('%s: an upstream that is down gives 502 without its address', async (path) => {
  const { proxy } = await open({ monolith: 'http://127.0.0.1:9' });
  await expectProblem(await fetch(`${proxy.url}${path}`), 502);
  await expectProblem(await fetch(`${proxy.url}${path}`, { method: 'POST', body: 'x' }), 502);
});

test('an upstream that does not answer in time gives 504', async () => {
  const { proxy, monolith } = await open({ routes: [{ route: 'GET /items', timeoutMs: 100 }] });
  monolith.answer = () => undefined;
  await expectProblem(await fetch(`${proxy.url}/items`), 504);
});

test('an upstream that does not answer a path of no group in time gives 504', async () => {
  const { proxy, monolith } = await open({ proxy: { headersTimeoutMs: 100 } });
  monolith.answer = () => undefined;
  await expectProblem(await fetch(`${proxy.url}/of/no/group`), 504);
});

test.each([
  ['a write of no group', { method: 'POST', body: 'x' }, '/of/no/group'],
  ['a write with a body', { method: 'POST', body: 'x' }, '/items'],
  ['a write without a body', { method: 'DELETE' }, '/items/1'],
  ['a read that writes', { method: 'GET' }, '/counted'],
])('%s whose connection breaks is not sent again', async (_name, init, path) => {
  const upstream = await rawUpstream((socket) => socket.destroy());
  const { proxy } = await open({
    monolith: upstream.monolith,
    routes: ['POST /items', 'DELETE /items/:id', { route: 'GET /counted', writes: true }],
  });
  await expectProblem(await fetch(`${proxy.url}${path}`, init), 502);
  expect(upstream.count()).toBe(1);
});

test.each(bothPaths)('%s: a read whose connection breaks is sent once more, not more often', async (path) => {
  const upstream = await rawUpstream((socket) => socket.destroy());
  const { proxy } = await open({ monolith: upstream.monolith });
  await expectProblem(await fetch(`${proxy.url}${path}`), 502);
  expect(upstream.count()).toBe(2);
});

test.each(bothPaths)('%s: retries are bounded by their budget', async (path) => {
  const upstream = await rawUpstream((socket) => socket.destroy());
  const { proxy } = await open({ monolith: upstream.monolith });
  for (let i = 0; i < 60; i++) await (await fetch(`${proxy.url}${path}`)).text();
  expect(upstream.count()).toBeLessThanOrEqual(60 + 10 + 6);
});

test.each(bothPaths)('%s: a 503 of the upstream is passed on, asked for once', async (path) => {
  const { proxy, monolith } = await open();
  monolith.answer = (_request, response) => response.writeHead(503, { 'retry-after': '7' }).end('busy');
  const response = await fetch(`${proxy.url}${path}`);
  expect([response.status, response.headers.get('retry-after'), await response.text()]).toEqual([
    503,
    '7',
    'busy',
  ]);
  expect(monolith.seen).toHaveLength(1);
});

test.each([
  ['a Content-Length', 'Content-Length: 100\r\n\r\nhalf'],
  ['chunks', 'Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n'],
])('an answer with %s that is cut is seen to be cut', async (_name, rest) => {
  const upstream = await rawUpstream((socket) => socket.end(`HTTP/1.1 200 OK\r\n${rest}`));
  const { proxy } = await open({ monolith: upstream.monolith });
  for (const path of bothPaths)
    await expect(fetch(`${proxy.url}${path}`).then((response) => response.text())).rejects.toThrow();
});

test.each(bothPaths)('%s: a refusal of the guard becomes 503 not-owner with Retry-After', async (path) => {
  const { proxy, monolith } = await open();
  monolith.answer = (_request, response) =>
    response.writeHead(409, { 'matapalo-refused': 'MP001' }).end('the database says no');
  const response = await fetch(`${proxy.url}${path}`, { method: 'POST', body: 'x' });
  expect(response.headers.get('retry-after')).toBe('1');
  expect(await expectProblem(response, 503)).toMatchObject({ code: 'not-owner' });
});

test.each(bothPaths)('%s: a client that leaves ends the request at the upstream', async (path) => {
  const { proxy, monolith } = await open();
  let upstreamClosed = false;
  monolith.answer = (_request, response) => {
    response.on('close', () => (upstreamClosed = true));
    response.writeHead(200).write('begin');
  };
  const client = httpRequest(`${proxy.url}${path}`, (response) =>
    response.once('data', () => client.destroy()),
  );
  client.on('error', () => undefined);
  client.end();
  await until(() => upstreamClosed, 'the upstream to be told');
});

test.each(bothPaths)(
  '%s: an upload that breaks off does not reach the upstream as a whole one',
  async (path) => {
    const { proxy, monolith } = await open();
    await sendRaw(proxy.url, `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf`);
    expect(monolith.seen).toHaveLength(0);
    expect((await fetch(`${proxy.url}${path}`)).status).toBe(200);
  },
);

test.each(bothPaths)('%s: large bodies stream both ways', async (path) => {
  const { proxy, monolith } = await open();
  const body = Buffer.alloc(8 * 1024 * 1024, 'abc');
  monolith.answer = (_request, response, received) => response.writeHead(200).end(received);
  const response = await fetch(`${proxy.url}${path}`, { method: 'POST', body });
  expect(Buffer.from(await response.arrayBuffer()).equals(body)).toBe(true);
});

const chunked = () => ({
  body: new ReadableStream({
    start(controller) {
      for (let i = 0; i < 20; i++) controller.enqueue(new Uint8Array(100));
      controller.close();
    },
  }),
  duplex: 'half' as const,
});

test.each([
  ['declared', '/items', () => ({ body: Buffer.alloc(2_000) })],
  ['declared', '/of/no/group', () => ({ body: Buffer.alloc(2_000) })],
  ['chunked', '/items', chunked],
  ['chunked', '/of/no/group', chunked],
])('a %s body beyond the limit gives 413: %s', async (_name, path, init) => {
  world = await startWorld(cluster, {}, 1, { maxBodyBytes: 1_000 });
  await expectProblem(await fetch(`${world.proxy.url}${path}`, { method: 'POST', ...init() }), 413);
  expect(world.monolith.seen).toHaveLength(0);
});

test.each(bothPaths)(
  '%s: a binary answer arrives byte by byte, whatever its encoding of the first chunk',
  async (path) => {
    const { proxy, monolith } = await open();
    const bytes = Buffer.from(Array.from({ length: 1_024 }, (_, i) => i % 256));
    monolith.answer = (_request, response) =>
      response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
    const response = await fetch(`${proxy.url}${path}`);
    expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true);
  },
);

test('closing lets requests in flight end, and refuses nothing that it took', async () => {
  const { proxy, monolith } = await open();
  const pending: (() => void)[] = [];
  monolith.answer = (_request, response) => pending.push(() => response.end('done'));
  const answer = fetch(`${proxy.url}/items`, { method: 'POST', body: 'x' });
  await until(() => pending.length === 1);
  const closed = proxy.close();
  pending.forEach((go) => go());
  expect(await (await answer).text()).toBe('done');
  await closed;
  expect((await world?.db.query('select from proxy'))?.rowCount).toBe(0);
});

test.each(bothPaths)(
  '%s: an upstream that answers before it has read the body: the answer arrives, and the connection goes on',
  async (path) => {
    const { proxy, monolith } = await open();
    monolith.answer = (_request, response) => {
      response.writeHead(413, { 'content-length': '0' });
      response.end();
    };
    const body = 'x'.repeat(400_000);
    for (let round = 0; round < 20; round++) {
      // One keep-alive connection: a rest that nobody reads would stall the request after it.
      const large = await fetch(`${proxy.url}${path}`, { method: 'POST', body });
      await large.arrayBuffer();
      const next = await fetch(`${proxy.url}${path}`, {
        method: 'POST',
        body: 'x',
        signal: AbortSignal.timeout(20_000),
      });
      await next.arrayBuffer();
      expect([large.status, next.status]).toEqual([413, 413]);
    }
  },
);
