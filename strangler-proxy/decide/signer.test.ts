import fc from 'fast-check';
import { expect, test } from 'vitest';
import { secret } from '../testing/plan.ts';
import { clientOf } from './client.ts';
import { Signer, signSide, verifySide } from './signer.ts';

const signer = new Signer(secret);

test('what was signed verifies, for its purpose and secret only', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 100 }), (text) => {
      const signed = signer.sign('parent', text);
      expect(signer.verify('parent', signed)).toBe(text);
      expect(signer.verify('mark', signed)).toBeUndefined();
      expect(new Signer(`${secret}!`).verify('parent', signed)).toBeUndefined();
    }),
  );
});

test('a changed text or signature does not verify', () => {
  const signed = signer.sign('mark', 'p1:5:items');
  fc.assert(
    fc.property(fc.nat(signed.length - 1), fc.constantFrom('x', '~', ':', '0'), (at, char) => {
      const changed = signed.slice(0, at) + char + signed.slice(at + 1);
      if (changed !== signed) expect(signer.verify('mark', changed)).toBeUndefined();
    }),
  );
});

test('a forced side expires', () => {
  const value = signSide(signer, 'service', 1_000);
  expect(verifySide(signer, value, 999)).toBe('service');
  expect(verifySide(signer, value, 1_001)).toBeUndefined();
});

test('a client known by address keeps its key once it has the cookie', () => {
  const first = clientOf({}, '192.0.2.7');
  expect(first.newCookie).toMatch(/^matapalo_client=/);
  const cookie = first.newCookie?.split(';')[0] ?? '';
  expect(clientOf({ cookie: `other=1; ${cookie}` }, '198.51.100.9')).toEqual({
    key: first.key,
    newCookie: undefined,
  });
});

test('a token goes before the cookie, a broken one does not', () => {
  const token = `a.${Buffer.from('{"sub":"u1"}').toString('base64url')}.c`;
  expect(clientOf({ authorization: `Bearer ${token}`, cookie: 'matapalo_client=abcdefgh' }, '').key).toBe(
    'sub:u1',
  );
  expect(clientOf({ authorization: 'Bearer a.%%.c', cookie: 'matapalo_client=abcdefgh' }, '').key).toBe(
    'id:abcdefgh',
  );
});
