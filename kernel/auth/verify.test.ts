import { createLocalJWKSet, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterEach, beforeAll, expect, test, vi } from 'vitest';
import { createVerify, type Verify } from './verify.ts';

let sign: (change?: {
  typ?: string;
  audience?: string;
  seconds?: number;
  roles?: unknown;
}) => Promise<string>;
let verify: Verify;
let keyLookups = 0;

beforeAll(async () => {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const keys = createLocalJWKSet({ keys: [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256' }] });
  verify = createVerify({
    jwksUrl: 'http://127.0.0.1:1/unused',
    issuer: 'shop',
    audience: 'shop',
    keys: (header, token) => {
      keyLookups++;
      return keys(header, token);
    },
  });
  sign = ({ typ = 'at+jwt', audience = 'shop', seconds = 900, roles = ['manager', 7] } = {}) =>
    new SignJWT({ roles, scope: 'a b' })
      .setProtectedHeader({ alg: 'ES256', kid: 'one', typ })
      .setIssuer('shop')
      .setAudience(audience)
      .setSubject('42')
      .setJti(crypto.randomUUID())
      .setIssuedAt()
      .setExpirationTime(Math.floor(Date.now() / 1000) + seconds)
      .sign(privateKey);
});

afterEach(() => void vi.useRealTimers());

test('a good token gives its identity, and its signature is checked once', async () => {
  const token = `Bearer ${await sign()}`;
  keyLookups = 0;
  for (let time = 0; time < 3; time++) {
    expect(await verify(token)).toMatchObject({ subject: '42', roles: ['manager'], scopes: ['a', 'b'] });
  }
  expect(keyLookups).toBe(1);
});

test('one that was good is refused once it has expired', async () => {
  const token = `Bearer ${await sign({ seconds: 30 })}`;
  await verify(token);
  vi.useFakeTimers({ now: Date.now() + 40_000, toFake: ['Date'] });
  await expect(verify(token)).rejects.toMatchObject({ code: 'unauthorized' });
});

test('a signature is checked again after a minute', async () => {
  const token = `Bearer ${await sign()}`;
  await verify(token);
  keyLookups = 0;
  vi.useFakeTimers({ now: Date.now() + 61_000, toFake: ['Date'] });
  await verify(token);
  expect(keyLookups).toBe(1);
});

test.each([
  ['another type', { typ: 'JWT' }],
  ['another audience', { audience: 'bank' }],
  ['an expired time', { seconds: -60 }],
])('a token with %s is refused, each time', async (_, change) => {
  const token = `Bearer ${await sign(change)}`;
  await expect(verify(token)).rejects.toMatchObject({ code: 'unauthorized' });
  await expect(verify(token)).rejects.toMatchObject({ code: 'unauthorized' });
});

test('a token whose end was altered is refused, though its beginning is known', async () => {
  const token = await sign();
  await verify(`Bearer ${token}`);
  const [head = '', payload = '', signature = ''] = token.split('.');
  const altered = [head, payload, [...signature].reverse().join('')].join('.');
  await expect(verify(`Bearer ${altered}`)).rejects.toMatchObject({ code: 'unauthorized' });
});

test.each([undefined, '', 'Basic abc', 'Bearer x'])('no bearer token (%s) is refused', async (header) => {
  await expect(verify(header)).rejects.toMatchObject({ code: 'unauthorized' });
});
