import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jwtVerify, SignJWT } from 'jose';
import { afterAll, expect, test, vi } from 'vitest';
import { createLog } from '../log.ts';
import { openKeyRing, readRing, type KeyRing } from './key-ring.ts';
import { makeKey, rotateRing, type RingKey } from './rotate-ring.ts';

const folder = mkdtempSync(join(tmpdir(), 'ring-'));
const file = join(folder, 'keys.json');
const log = createLog('ring', 'silent');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const write = (keys: readonly RingKey[]) => {
  writeFileSync(`${file}.draft`, JSON.stringify({ keys }));
  renameSync(`${file}.draft`, file);
};
const sign = ({ keys }: KeyRing) =>
  new SignJWT({}).setProtectedHeader({ alg: 'ES256', kid: keys.kid }).setSubject('1').sign(keys.sign);

test('a ring is read again when its file changes; tokens of the old key stay valid, a damaged file changes nothing', async () => {
  write([await makeKey(0), await makeKey(0)]);
  const ring = await openKeyRing(file, log);
  const first = ring.keys;
  const old = await sign(ring);
  const rotated = await rotateRing(readRing(file), { nowMs: 1e9, publishSeconds: 0, keepSeconds: 60 });
  write(rotated.ring);
  await vi.waitFor(() => expect(ring.keys.kid).toBe(rotated.ring[0]?.kid), { timeout: 20_000 });
  expect(first.publicJwks.keys.map(({ kid }) => kid)).toContain(ring.keys.kid);
  await jwtVerify(old, ring.keys.verify);
  await jwtVerify(await sign(ring), first.verify);
  for (const key of ring.keys.publicJwks.keys) expect(Object.keys(key)).not.toContain('d');
  const kept = ring.keys;
  const error = vi.spyOn(log, 'error');
  writeFileSync(file, '{');
  await vi.waitFor(() => expect(error).toHaveBeenCalled(), { timeout: 20_000 });
  expect(ring.keys).toBe(kept);
  ring.close();
});

test('what is no ring is refused with what one is', () => {
  for (const text of ['', '[]', '{"keys":[]}', '{"keys":[{"kty":"oct","k":"x"}]}']) {
    writeFileSync(file, text);
    expect(() => readRing(file)).toThrow(expect.objectContaining({ code: 'config-invalid' }));
  }
});
