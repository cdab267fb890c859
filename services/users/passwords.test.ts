import { pbkdf2Sync } from 'node:crypto';
import { expect, test } from 'vitest';
import {
  hashPassword as legacyForm,
  verifyPassword as monolithVerifies,
} from '../../monolith/users/password.ts';
import { checkPassword, hashPassword } from './passwords.ts';

const right = 'correct horse ✓';

test('an argon2id hash verifies its password only, and needs no upgrade', async () => {
  const stored = await hashPassword(right);
  expect(stored).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  expect(await checkPassword(right, stored)).toEqual({ isRight: true, upgraded: undefined });
  expect(await checkPassword(`${right}x`, stored)).toEqual({ isRight: false, upgraded: undefined });
});

test('a hash of the shop’s first form verifies, and comes back as argon2id that both sides take', async () => {
  const stored = await legacyForm(right);
  const { isRight, upgraded = '' } = await checkPassword(right, stored);
  expect(isRight).toBe(true);
  expect(upgraded).toMatch(/^\$argon2id\$/);
  expect((await checkPassword(right, upgraded)).isRight).toBe(true);
  expect(await monolithVerifies(right, upgraded)).toBe(true);
  expect(await monolithVerifies('wrong', upgraded)).toBe(false);
  expect(await checkPassword('wrong', stored)).toEqual({ isRight: false, upgraded: undefined });
});

test('nobody’s, erased and damaged hashes verify nothing', async () => {
  const key = pbkdf2Sync(right, 's', 1, 16, 'sha256').toString('hex');
  for (const stored of [undefined, '', '!', 'md5$x', `pbkdf2$1$s$${key}`, '$argon2id$v=19$m=1,t=1$x$y'])
    expect((await checkPassword(right, stored)).isRight).toBe(false);
});
