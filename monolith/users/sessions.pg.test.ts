import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCluster, type Cluster } from '#stack/clusters.ts';
import { seedClientSecret, seedPassword } from '../seed/users.ts';
import { shopOn, type ShopUnderTest } from '../testing/shop-on.ts';

let cluster: Cluster;
let shop: ShopUnderTest;

beforeAll(async () => {
  cluster = await startCluster();
  shop = await shopOn(await cluster.createDatabase('shop'));
});

afterAll(async () => {
  await shop.close();
  await cluster.stop();
});

const login = (email: string, password = seedPassword) =>
  shop.call('POST', '/auth/login', { body: { email, password } });
const refresh = (refreshToken: unknown) => shop.call('POST', '/auth/refresh', { body: { refreshToken } });
const basic = `Basic ${Buffer.from(`orders-service:${seedClientSecret}`).toString('base64')}`;
const introspect = (token: unknown) =>
  shop.call('POST', '/oauth/introspect', { body: { token }, headers: { authorization: basic } });

test('a refresh token is valid once; a second use ends the whole family, and no other session', async () => {
  const first = (await login('customer2@shop.example')).body['refreshToken'];
  const other = (await login('customer2@shop.example')).body['refreshToken'];
  const second = (await refresh(first)).body['refreshToken'];
  expect(second).not.toBe(first);
  expect((await refresh(first)).status).toBe(401);
  expect((await refresh(second)).status).toBe(401);
  expect((await refresh(other)).status).toBe(200);
});

test('of uses raced at once, one at most gets a successor', async () => {
  const { refreshToken } = (await login('customer3@shop.example')).body;
  const statuses = (await Promise.all(Array.from({ length: 8 }, () => refresh(refreshToken)))).map(
    (a) => a.status,
  );
  expect(statuses.filter((status) => status === 200)).toHaveLength(1);
});

test('the httpOnly cookie serves as the refresh token, until logout', async () => {
  const { headers } = await login('customer4@shop.example');
  const set = String(headers['set-cookie']);
  expect(set).toMatch(/HttpOnly/);
  expect(set).toMatch(/SameSite=Strict/);
  const cookie = set.split(';')[0] ?? '';
  const refreshed = await shop.call('POST', '/auth/refresh', { headers: { cookie } });
  expect(refreshed.status).toBe(200);
  const next = String(refreshed.headers['set-cookie']).split(';')[0] ?? '';
  expect((await shop.call('POST', '/auth/logout', { headers: { cookie: next } })).status).toBe(204);
  expect((await shop.call('POST', '/auth/refresh', { headers: { cookie: next } })).status).toBe(401);
});

test('a wrong address and a wrong password get one and the same answer', async () => {
  const wrong = await login('customer5@shop.example', 'not the password');
  expect(wrong.status).toBe(401);
  expect((await login('nobody@shop.example')).body).toEqual(wrong.body);
});

test('changing the password ends the sessions, and the old password', async () => {
  const { accessToken, refreshToken } = (await login('customer6@shop.example')).body;
  const change = (currentPassword: string) =>
    shop.call('POST', '/users/me/password', {
      token: String(accessToken),
      body: { currentPassword, newPassword: 'another-password' },
    });
  expect((await change('wrong-password')).status).toBe(403);
  expect((await change(seedPassword)).status).toBe(204);
  expect((await refresh(refreshToken)).status).toBe(401);
  expect((await login('customer6@shop.example')).status).toBe(401);
  expect((await login('customer6@shop.example', 'another-password')).status).toBe(200);
});

test('introspection tells services whether a token is in force; a blocked account has none', async () => {
  const { accessToken, refreshToken } = (await login('customer7@shop.example')).body;
  expect((await introspect(accessToken)).body).toMatchObject({ active: true, sub: '7', roles: ['customer'] });
  const admin = await shop.tokenOf('admin');
  await shop.call('PUT', '/users/7/status', { token: admin, body: { status: 'blocked' } });
  expect((await introspect(accessToken)).body).toEqual({ active: false });
  expect((await introspect(refreshToken)).body).toEqual({ active: false });
  expect((await introspect('rubbish')).body).toEqual({ active: false });
  expect((await login('customer7@shop.example')).status).toBe(401);
});

test('a service gets a token of its own, with no more scope than it may have', async () => {
  const grant = (scope?: string) =>
    shop.call('POST', '/oauth/token', {
      headers: { authorization: basic },
      body: { grant_type: 'client_credentials', ...(scope === undefined ? {} : { scope }) },
    });
  const { body } = await grant('users:read');
  expect(body).toMatchObject({ token_type: 'Bearer', scope: 'users:read' });
  expect((await shop.call('GET', '/users/1', { token: String(body['access_token']) })).status).toBe(200);
  expect((await grant('users:write')).status).toBe(400);
});

test('roles decide; a customer sees the own account only', async () => {
  const token = await shop.tokenOf('customer1');
  expect((await shop.call('GET', '/users/1', { token })).status).toBe(200);
  expect((await shop.call('GET', '/users/2', { token })).status).toBe(403);
  expect((await shop.call('PUT', '/users/1/roles', { token, body: { roles: ['admin'] } })).status).toBe(403);
  const admin = await shop.tokenOf('admin');
  const { body } = await shop.call('PUT', '/users/8/roles', {
    token: admin,
    body: { roles: ['agent', 'customer'] },
  });
  expect(body).toEqual({ roles: ['agent', 'customer'] });
  expect((await login('customer8@shop.example')).body['scope']).toContain('tickets:work');
});
