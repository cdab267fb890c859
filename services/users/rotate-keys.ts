import { randomUUID } from 'node:crypto';
import { renameSync, statSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { readRing } from '#kernel/auth/key-ring.ts';
import { rotateRing } from '#kernel/auth/rotate-ring.ts';
import { requireEnv } from '#kernel/env.ts';
import { MatapaloError } from '#kernel/errors.ts';
import { createLog } from '#kernel/log.ts';
import { runMain } from '#kernel/shutdown.ts';

const log = createLog('rotate-keys');

/**
 * Rotates the signing keys: `JWT_KEYS_FILE=... node services/users/rotate-keys.ts [--publish-seconds 900]`. Issuers read the
 * file again within a second; tokens that were signed before stay valid to their end.
 */
runMain(log, async () => {
  const { values } = parseArgs({
    options: {
      'publish-seconds': { type: 'string', default: '900' },
      'keep-seconds': { type: 'string', default: '3600' },
    },
  });
  const seconds = (name: 'publish-seconds' | 'keep-seconds'): number => {
    const value = Number(values[name]);
    if (Number.isInteger(value) && value >= 0) return value;
    throw new MatapaloError('usage', `--${name} is a whole number of seconds.`);
  };
  const file = requireEnv('JWT_KEYS_FILE', 'the key ring, a JSON file {"keys": [private ES256 JWKs]}');
  const rotated = await rotateRing(readRing(file), {
    nowMs: Date.now(),
    publishSeconds: seconds('publish-seconds'),
    keepSeconds: seconds('keep-seconds'),
  });
  // Whole or not at all: issuers look at it at any time.
  const draft = `${file}.${randomUUID()}`;
  writeFileSync(draft, JSON.stringify({ keys: rotated.ring }), { mode: statSync(file).mode & 0o777 });
  renameSync(draft, file);
  const [signer, next] = rotated.ring.map(({ kid }) => kid);
  log.info(
    { signer, next, verifying: rotated.ring.length },
    rotated.changed === 'signer' ? 'another key signs now' : 'the next key is published; rotate again later',
  );
});
