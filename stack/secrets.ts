import { createHmac, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeKey } from '#kernel/auth/rotate-ring.ts';

/** Made at the first start, kept between starts: what proxies sign with, and the ring of keys that all issuers share. */
export async function ensureSecrets(dataDir: string): Promise<{ secret: string; keysFile: string }> {
  const secretFile = join(dataDir, 'secret');
  if (!existsSync(secretFile)) writeFileSync(secretFile, randomBytes(32).toString('hex'), { mode: 0o600 });
  const keysFile = join(dataDir, 'keys.json');
  if (!existsSync(keysFile)) {
    // The second is published from the first start on, so that it may sign after the first rotation.
    const keys = [await makeKey(Date.now()), await makeKey(Date.now())];
    writeFileSync(keysFile, JSON.stringify({ keys }), { mode: 0o600 });
  }
  return { secret: readFileSync(secretFile, 'utf8').trim(), keysFile };
}

/** Secrets that two processes of the sample share, each for one purpose. */
export const derivedSecret = (secret: string, purpose: string): string =>
  createHmac('sha256', secret).update(purpose).digest('hex');
