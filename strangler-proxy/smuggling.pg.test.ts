import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startCluster, type Cluster } from '#stack/clusters.ts';
import { bothPaths } from './testing/paths.ts';
import { sendRaw, statusesOf } from './testing/raw.ts';
import { startWorld, type World } from './testing/world.ts';

let cluster: Cluster;
let world: World;
beforeAll(async () => {
  cluster = await startCluster();
  world = await startWorld(cluster);
});
afterAll(async () => {
  await world.close();
  await cluster.stop();
});
beforeEach(() => {
  world.monolith.seen.length = 0;
});

const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n';
const post = (headers: string, body: string) => `POST /items HTTP/1.1\r\nHost: x\r\n${headers}\r\n${body}`;

test.each([
  [
    'Content-Length and Transfer-Encoding',
    post('Content-Length: 4\r\nTransfer-Encoding: chunked\r\n', `0\r\n\r\n${smuggled}`),
  ],
  ['two Content-Lengths', post('Content-Length: 0\r\nContent-Length: 40\r\n', smuggled)],
  ['a list of Content-Lengths', post('Content-Length: 0, 40\r\n', smuggled)],
  ['a signed Content-Length', post('Content-Length: +0\r\n', smuggled)],
  [
    'a chunk size that is not one',
    post('Transfer-Encoding: chunked\r\n', `0x1\r\na\r\n0\r\n\r\n${smuggled}`),
  ],
  ['a folded header', post('Content-Length: 0\r\nX-A: b\r\n c\r\n', smuggled)],
  ['a bare LF after a header', post('X-A: b\nContent-Length: 0\r\n', smuggled)],
  ['a space before the colon', post('Content-Length : 0\r\n', smuggled)],
  [
    'Transfer-Encoding that does not end in chunked',
    post('Transfer-Encoding: chunked, identity\r\n', `0\r\n\r\n${smuggled}`),
  ],
  ['an unknown Transfer-Encoding', post('Transfer-Encoding: xchunked\r\n', `0\r\n\r\n${smuggled}`)],
  [
    'Transfer-Encoding twice',
    post('Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n', `0\r\n\r\n${smuggled}`),
  ],
  ['no Host', `GET /items HTTP/1.1\r\n\r\n${smuggled}`],
  ['two Hosts', `GET /items HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n`],
  ['two Authorizations', `GET /items HTTP/1.1\r\nHost: a\r\nAuthorization: a\r\nAuthorization: b\r\n\r\n`],
  ['a NUL in a header', `GET /items HTTP/1.1\r\nHost: a\r\nX-A: \0\r\n\r\n`],
  ['CONNECT', `CONNECT other:80 HTTP/1.1\r\nHost: other:80\r\n\r\n${smuggled}`],
])('%s: refused, nothing reaches the upstream twice', async (_name, bytes) => {
  for (const path of bothPaths) await expectOneMeaning(bytes.replaceAll('/items', path));
});

async function expectOneMeaning(bytes: string): Promise<void> {
  world.monolith.seen.length = 0;
  const statuses = statusesOf(await sendRaw(world.proxy.url, bytes));
  const reached = world.monolith.seen.map((seen) => seen.url);
  // Either refused before anything was forwarded, or exactly one request was, and its body was not taken for another.
  expect(reached).not.toContain('/smuggled');
  expect(reached.length).toBeLessThanOrEqual(1);
  expect(statuses.some((status) => status >= 400) || reached.length === 1).toBe(true);
}

test.each([
  ['h2c', 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n'],
  ['a keep-alive header', 'Connection: keep-alive\r\nKeep-Alive: timeout=5\r\n'],
  ['an unknown upgrade', 'Connection: Upgrade\r\nUpgrade: foo/2\r\n'],
])('%s is answered as the plain request that it also is', async (_name, headers) => {
  for (const path of bothPaths) {
    const bytes = `GET ${path} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`;
    expect(statusesOf(await sendRaw(world.proxy.url, bytes))).toEqual([200]);
  }
  for (const seen of world.monolith.seen) {
    expect(seen.headers).not.toHaveProperty('upgrade');
    expect(seen.headers).not.toHaveProperty('http2-settings');
  }
});

test('Expect: 100-continue is answered, and the body arrives', async () => {
  const received = await sendRaw(
    world.proxy.url,
    'POST /items HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\nhi',
  );
  expect(statusesOf(received)).toEqual([100, 200]);
  expect(world.monolith.seen[0]).toMatchObject({ body: 'hi' });
  expect(world.monolith.seen[0]?.headers).not.toHaveProperty('expect');
});

test('another Expect is refused', async () => {
  const received = await sendRaw(world.proxy.url, 'GET /items HTTP/1.1\r\nHost: x\r\nExpect: tea\r\n\r\n');
  expect(statusesOf(received)).toEqual([417]);
});

test.each([
  ['//items', '/items'],
  ['/x/../items', '/items'],
  ['/%69tems', '/items'],
  ['/of//no/./group', '/of/no/group'],
  ['/of/%6eo/x/../group', '/of/no/group'],
  ['http://x/items', '/items'],
])('%s reaches the upstream as %s', async (raw, path) => {
  await sendRaw(world.proxy.url, `GET ${raw} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  expect(world.monolith.seen.map((seen) => seen.url)).toEqual([path]);
});

test.each([
  '/items%2f17',
  '/of%2fno/group',
  '/a%5cb',
  '/items%00',
  '/items;x=1',
  '/%252e%252e/items',
  'http://other/items',
  '/../items',
])('%s is refused', async (raw) => {
  const received = await sendRaw(world.proxy.url, `GET ${raw} HTTP/1.1\r\nHost: x\r\n\r\n`);
  expect(statusesOf(received)).toEqual([400]);
  expect(received).toContain('application/problem+json');
  expect(world.monolith.seen).toEqual([]);
});

test('bytes that are no request, behind one whose answer is under way, do not end up in that answer', async () => {
  const answer = world.monolith.answer;
  world.monolith.answer = (_request, response) => {
    response.writeHead(200, { 'content-length': 8 }).write('half');
    setTimeout(() => response.end('done'), 100);
  };
  const received = await sendRaw(
    world.proxy.url,
    'GET /items HTTP/1.1\r\nHost: x\r\n\r\n\0\0garbage\r\n\r\n',
  );
  world.monolith.answer = answer;
  expect(statusesOf(received).length).toBeLessThanOrEqual(1);
  expect(received).not.toMatch(/half.*HTTP/s);
});

test('huge headers are refused', async () => {
  const received = await sendRaw(
    world.proxy.url,
    `GET / HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(40_000)}\r\n\r\n`,
  );
  expect(statusesOf(received)).toEqual([431]);
});
