import { randomBytes } from 'node:crypto';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { MatapaloError } from '../errors.ts';

/** A ring's key, with when it came and when it last signed: seconds since 1970. */
export type RingKey = JWK & { published_at?: number; retired_at?: number };

export interface RotateOptions {
  nowMs: number;
  /** How long a key must have been published before it may sign: as long as verifiers keep a key set. */
  publishSeconds: number;
  /** How long a key still verifies after it signed last: more than its tokens live. */
  keepSeconds: number;
}

export async function makeKey(nowMs: number): Promise<RingKey> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  return {
    ...(await exportJWK(privateKey)),
    kid: randomBytes(8).toString('hex'),
    alg: 'ES256',
    use: 'sig',
    published_at: Math.floor(nowMs / 1000),
  };
}

/**
 * The next ring: the key that was published last signs from now on, the one that signed so far only verifies, keys whose
 * tokens have all expired go, and a new one is published to sign after the next rotation. A ring without a next key gets
 * one, and signs as before. Throws `bad-request` while the next key is not known to all verifiers.
 */
export async function rotateRing(
  ring: readonly RingKey[],
  { nowMs, publishSeconds, keepSeconds }: RotateOptions,
): Promise<{ ring: RingKey[]; changed: 'signer' | 'published' }> {
  const now = Math.floor(nowMs / 1000);
  const [current, ...others] = ring;
  const next = others.find((key) => key.retired_at === undefined);
  const fresh = await makeKey(nowMs);
  if (current === undefined) throw new MatapaloError('bad-request', 'The ring holds no key.');
  if (next === undefined) return { ring: [current, fresh, ...others], changed: 'published' };
  const waitSeconds = (next.published_at ?? 0) + publishSeconds - now;
  if (waitSeconds > 0) {
    throw new MatapaloError('bad-request', `The next key was published a moment ago.`, {
      hint: `Rotate in ${waitSeconds} s: by then every verifier has fetched it.`,
    });
  }
  const former = others.filter((key) => key !== next && (key.retired_at ?? 0) + keepSeconds > now);
  return { ring: [next, fresh, { ...current, retired_at: now }, ...former], changed: 'signer' };
}
