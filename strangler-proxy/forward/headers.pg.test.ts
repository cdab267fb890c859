import { request as httpRequest, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startCluster, type Cluster } from '#stack/clusters.ts';
import { bothPaths } from '../testing/paths.ts';
import { startWorld, type World } from '../testing/world.ts';

let cluster: Cluster;
let plain: World;
let trusting: World;
beforeAll(async () => {
  cluster = await startCluster();
  plain = await startWorld(cluster);
  trusting = await startWorld(cluster, { proxy: { trustedProxies: ['127.0.0.0/8'] } });
});
afterAll(async () => {
  await Promise.all([plain.close(), trusting.close()]);
  await cluster.stop();
});
beforeEach(() => {
  plain.monolith.seen.length = 0;
  trusting.monolith.seen.length = 0;
});

const get = (world: World, headers: Record<string, string>, path: string) =>
  new Promise<IncomingMessage>((resolve, reject) => {
    const request = httpRequest(`${world.proxy.url}${path}`, { headers }, (response) => {
      response.resume();
      response.on('end', () => resolve(response));
    });
    request.on('error', reject);
    request.end();
  });
const seen = (world: World) => world.monolith.seen.at(-1)?.headers ?? {};

const spoofed = {
  'x-forwarded-for': '9.9.9.9',
  'x-forwarded-proto': 'https',
  'x-forwarded-host': 'evil',
  'x-forwarded-user': 'admin',
  x_forwarded_for: '8.8.8.8',
  forwarded: 'for=9.9.9.9',
  'x-real-ip': '9.9.9.9',
  'x-original-url': '/admin',
  'matapalo-shadow': '1',
  'matapalo-epoch': 'items=0',
  'matapalo-side': 'service',
  'matapalo-refused': 'MP001',
  'matapalo-anything': '1',
  connection: 'x-forwarded-for, via, x-request-id, x-drop-me',
  'x-drop-me': '1',
};

test.each(bothPaths)('%s: what a client says about itself is replaced by what we see', async (path) => {
  await get(plain, { ...spoofed, host: 'shop.example' }, path);
  const headers = seen(plain);
  expect(headers).toMatchObject({
    host: 'shop.example',
    'x-forwarded-for': '127.0.0.1',
    'x-forwarded-proto': 'http',
    'x-forwarded-host': 'shop.example',
    via: '1.1 matapalo',
  });
  expect(headers['matapalo-epoch']).toBe(path === '/items' ? 'items=0' : undefined);
  for (const name of [
    'x-forwarded-user',
    'x_forwarded_for',
    'forwarded',
    'x-real-ip',
    'x-original-url',
    'matapalo-shadow',
    'matapalo-side',
    'matapalo-refused',
    'matapalo-anything',
    'x-drop-me',
  ])
    expect(headers).not.toHaveProperty(name);
});

test.each(bothPaths)('%s: a trusted proxy in front is believed, and appended to', async (path) => {
  await get(
    trusting,
    {
      'x-forwarded-for': '9.9.9.9',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'shop',
    },
    path,
  );
  expect(seen(trusting)).toMatchObject({
    'x-forwarded-for': '9.9.9.9, 127.0.0.1',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'shop',
  });
});

test.each(bothPaths)(
  '%s: request id: a plain one is kept, anything else replaced; the client learns it',
  async (path) => {
    const kept = await get(plain, { 'x-request-id': 'abc-1' }, path);
    expect([kept.headers['x-request-id'], seen(plain)['x-request-id']]).toEqual(['abc-1', 'abc-1']);
    const made = await get(plain, { 'x-request-id': 'a b"' }, path);
    expect(made.headers['x-request-id']).toMatch(/^[0-9a-f]{32}$/);
    expect(seen(plain)['x-request-id']).toBe(made.headers['x-request-id']);
  },
);

test.each(bothPaths)(
  '%s: trace context: a valid trace goes on with a new span, an invalid one is replaced',
  async (path) => {
    const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
    await get(plain, { traceparent: `00-${trace}-00f067aa0ba902b7-01`, tracestate: 'a=1' }, path);
    expect(seen(plain)['traceparent']).toMatch(
      new RegExp(`^00-${trace}-(?!00f067aa0ba902b7)[0-9a-f]{16}-01$`),
    );
    expect(seen(plain)['tracestate']).toBe('a=1');
    await get(plain, { traceparent: `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`, tracestate: 'a=1' }, path);
    expect(seen(plain)['traceparent']).toMatch(/^00-(?!0{32})[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    expect(seen(plain)).not.toHaveProperty('tracestate');
  },
);

test.each(bothPaths)(
  '%s: a read is not turned into a write by a method override; a write keeps it',
  async (path) => {
    await get(plain, { 'x-http-method-override': 'DELETE' }, path);
    expect(seen(plain)).not.toHaveProperty('x-http-method-override');
    await fetch(`${plain.proxy.url}${path}`, {
      method: 'POST',
      headers: { 'x-http-method-override': 'PUT' },
    });
    expect(seen(plain)['x-http-method-override']).toBe('PUT');
  },
);

test.each(bothPaths)('%s: credentials and cookies pass', async (path) => {
  await get(plain, { authorization: 'Bearer x', cookie: 'a=1; b=2' }, path);
  expect(seen(plain)).toMatchObject({ authorization: 'Bearer x', cookie: 'a=1; b=2' });
});

test.each(bothPaths)("%s: the upstream's hop-by-hop and internal headers stay with us", async (path) => {
  const answer = plain.monolith.answer;
  plain.monolith.answer = (_request, response) => {
    response.writeHead(200, {
      connection: 'x-secret, keep-alive',
      'keep-alive': 'timeout=5',
      'x-secret': '1',
      'proxy-authenticate': 'Basic',
      'matapalo-epoch': 'items=9',
      'set-cookie': ['a=1', 'b=2'],
      'x-plain': '1',
    });
    response.end('hi');
  };
  const response = await get(plain, {}, path);
  plain.monolith.answer = answer;
  expect(response.headers).toMatchObject({
    'x-plain': '1',
    'set-cookie': ['a=1', 'b=2'],
    via: '1.1 matapalo',
  });
  for (const name of ['x-secret', 'proxy-authenticate', 'matapalo-epoch'])
    expect(response.headers).not.toHaveProperty(name);
});

test.each(bothPaths)('%s: a loop ends', async (path) => {
  const response = await get(plain, { via: Array(9).fill('1.1 matapalo').join(', ') }, path);
  expect(response.statusCode).toBe(400);
});
