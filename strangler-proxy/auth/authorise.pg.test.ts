import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT, type CryptoKey } from 'jose';
import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCluster, type Cluster } from '#stack/clusters.ts';
import { startWorld, type World } from '../testing/world.ts';

let cluster: Cluster;
let world: World;
let jwks: Server;
let fetches = 0;
let key: CryptoKey;
let otherKey: CryptoKey;

beforeAll(async () => {
  const pair = await generateKeyPair('ES256');
  key = pair.privateKey;
  otherKey = (await generateKeyPair('ES256')).privateKey;
  const keys = { keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'k1', alg: 'ES256', use: 'sig' }] };
  jwks = createServer((_request, response) => {
    fetches++;
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(keys));
  });
  await new Promise<void>((resolve) => jwks.listen(0, '127.0.0.1', resolve));
  const address = jwks.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  cluster = await startCluster();
  world = await startWorld(cluster, {
    auth: { issuer: 'iss', audience: 'aud', jwksUrl: `http://127.0.0.1:${port}/jwks` },
    routes: [
      'GET /open',
      { route: 'GET /known', auth: 'verify' },
      { route: 'POST /admin', scopes: ['items:write', 'items:delete'] },
    ],
  });
});
afterAll(async () => {
  await world.close();
  jwks.close();
  await cluster.stop();
});

const now = Math.floor(Date.now() / 1_000);
const claims = { sub: 'u1', iss: 'iss', aud: 'aud', iat: now, exp: now + 300 };
const sign = (change: Record<string, unknown> = {}, header: Record<string, unknown> = {}, with_ = key) =>
  new SignJWT({ ...claims, ...change })
    .setProtectedHeader({ alg: 'ES256', kid: 'k1', typ: 'at+jwt', ...header })
    .sign(with_);
const status = async (path: string, token: string | undefined, method = 'GET') => {
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return (await fetch(`${world.proxy.url}${path}`, { method, headers })).status;
};

test('a good token passes and reaches the upstream as it is', async () => {
  const token = await sign();
  expect(await status('/known', token)).toBe(200);
  expect(world.monolith.seen.at(-1)?.headers.authorization).toBe(`Bearer ${token}`);
});

test.each<[string, () => Promise<string | undefined> | string | undefined]>([
  ['none at all', () => undefined],
  ['alg none', () => new UnsecuredJWT(claims).encode()],
  ['another key', () => sign({}, {}, otherKey)],
  ['an unknown key id', () => sign({}, { kid: '../../k1' })],
  ['another audience', () => sign({ aud: 'other' })],
  ['another issuer', () => sign({ iss: 'other' })],
  ['another type', () => sign({}, { typ: 'JWT' })],
  ['expired', () => sign({ exp: now - 60 })],
  ['not valid yet', () => sign({ nbf: now + 600 })],
  ['issued in the future', () => sign({ iat: now + 600 })],
  ['no subject', () => sign({ sub: undefined })],
])('%s: 401 before the upstream', async (_name, make) => {
  const before = world.monolith.seen.length;
  expect(await status('/known', await make())).toBe(401);
  expect(world.monolith.seen.length).toBe(before);
});

test.each(['/KNOWN', '/known/', '//known', '/x/../known', '/%6bnown'])(
  '%s needs the same token',
  async (path) => {
    const { hostname, port } = new URL(world.proxy.url);
    const { sendRaw, statusesOf } = await import('../testing/raw.ts');
    const received = await sendRaw(
      `http://${hostname}:${port}`,
      `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
    );
    expect(statusesOf(received)).toEqual([401]);
  },
);

test('all scopes of a route are needed', async () => {
  expect(await status('/admin', await sign({ scope: 'items:write' }), 'POST')).toBe(403);
  expect(await status('/admin', await sign({ scope: 'items:delete items:write x' }), 'POST')).toBe(200);
});

test('a flood of unknown keys does not become a flood of fetches', async () => {
  const before = fetches;
  await Promise.all(
    Array.from({ length: 30 }, async (_, i) => status('/known', await sign({}, { kid: `k-${i}` }))),
  );
  expect(fetches - before).toBeLessThanOrEqual(1);
});

test('other routes pass credentials untouched', async () => {
  expect(await status('/open', 'not.a.token')).toBe(200);
  expect(await status('/elsewhere', undefined)).toBe(200);
});
