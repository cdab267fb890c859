import { readFileSync, statSync } from 'node:fs';
import { createLocalJWKSet, importJWK, type CryptoKey, type JWK, type JWTVerifyGetKey } from 'jose';
import { MatapaloError } from '../errors.ts';
import type { Log } from '../log.ts';

export interface SigningKeys {
  /** The first key of the ring signs. */
  sign: CryptoKey;
  kid: string;
  /** The public halves of all: what is signed next, now, and was signed before. */
  publicJwks: { keys: JWK[] };
  verify: JWTVerifyGetKey;
}

export interface KeyRing {
  /** The keys that hold now. Another object after each change of the file. */
  readonly keys: SigningKeys;
  close(): void;
}

const lookEveryMs = 1_000;

/**
 * The keys of a token issuer, `{"keys": [private ES256 JWKs]}` in a file that all its instances share: the first signs; the
 * others verify, for they sign next or have signed before. The file is looked at once a second, so that keys rotate without
 * a restart; one that cannot be read leaves the keys as they are, and says so.
 */
export async function openKeyRing(file: string, log: Log): Promise<KeyRing> {
  let keys = await signingKeys(readRing(file));
  let seen = fingerprint(file);
  const reload = async () => {
    try {
      keys = await signingKeys(readRing(file));
      log.info({ kid: keys.kid }, 'the signing keys were read again');
    } catch (error) {
      log.error({ err: error }, 'the signing keys stay as they were');
    }
  };
  const timer = setInterval(() => {
    const found = fingerprint(file);
    if (found === seen) return;
    seen = found;
    void reload();
  }, lookEveryMs);
  timer.unref();
  return {
    get keys() {
      return keys;
    },
    close: () => clearInterval(timer),
  };
}

/** The private keys of a ring's file. Throws `config-invalid`. */
export function readRing(file: string): JWK[] {
  const hint = 'It is a JSON file {"keys": [private EC P-256 JWKs, each with a kid]}.';
  let keys: unknown;
  try {
    keys = (JSON.parse(readFileSync(file, 'utf8')) as { keys?: unknown }).keys;
  } catch (cause) {
    throw new MatapaloError('config-invalid', `The key ring ${file} cannot be read.`, { hint, cause });
  }
  if (!Array.isArray(keys) || keys.length === 0)
    throw new MatapaloError('config-invalid', `The key ring ${file} holds no key.`, { hint });
  for (const { kty, crv, kid, d } of keys as JWK[]) {
    if (kty !== 'EC' || crv !== 'P-256' || !kid || !d)
      throw new MatapaloError('config-invalid', `A key in ${file} cannot sign.`, { hint });
  }
  return keys as JWK[];
}

async function signingKeys(ring: readonly JWK[]): Promise<SigningKeys> {
  const [first = {}] = ring;
  const sign = await importJWK(first, 'ES256');
  if (sign instanceof Uint8Array) throw new MatapaloError('config-invalid', 'The first key cannot sign.');
  const publicJwks = {
    keys: ring.map(({ kty, crv, x, y, kid }) => ({ kty, crv, x, y, kid, use: 'sig', alg: 'ES256' }) as JWK),
  };
  return { sign, kid: first.kid ?? '', publicJwks, verify: createLocalJWKSet(publicJwks) };
}

function fingerprint(file: string): string {
  try {
    const { mtimeMs, size, ino } = statSync(file);
    return `${mtimeMs} ${size} ${ino}`;
  } catch {
    return 'away';
  }
}
