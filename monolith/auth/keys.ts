import { readFileSync, statSync } from 'node:fs';
import type { FastifyBaseLogger } from 'fastify';
import { createLocalJWKSet, importJWK, type CryptoKey, type JWK, type JWTVerifyGetKey } from 'jose';

export interface Keys {
  /** The first key of the file signs. */
  sign: CryptoKey;
  signKid: string;
  /** Finds the public half of any key in the file. */
  verify: JWTVerifyGetKey;
  /** What others may see. */
  publicJwks: { keys: JWK[] };
}

export interface KeyRing {
  /** The keys that hold now. Another object after each change of the file. */
  readonly keys: Keys;
  close(): void;
}

const lookEveryMs = 1_000;

/**
 * Reads `{ keys: [private ES256 JWKs] }`: the first signs; the next one, published before it signs, and the former ones
 * verify. The file is looked at once a second, so that keys rotate without a restart; a file that cannot be read leaves
 * the keys as they are.
 */
export async function openKeyRing(file: string | undefined, log: FastifyBaseLogger): Promise<KeyRing> {
  let keys = await loadKeys(file);
  let seen = fingerprint(file);
  const timer = setInterval(() => {
    const found = fingerprint(file);
    if (found === seen) return;
    seen = found;
    loadKeys(file).then(
      (loaded) => {
        keys = loaded;
        log.info({ kid: loaded.signKid }, 'the signing keys were read again');
      },
      (error: unknown) => log.error({ err: error }, 'the signing keys stay as they were'),
    );
  }, lookEveryMs);
  timer.unref();
  return {
    get keys() {
      return keys;
    },
    close: () => clearInterval(timer),
  };
}

function fingerprint(file = ''): string {
  try {
    const { mtimeMs, size, ino } = statSync(file);
    return `${mtimeMs} ${size} ${ino}`;
  } catch {
    return 'away';
  }
}

export async function loadKeys(file: string | undefined): Promise<Keys> {
  if (!file)
    throw new Error('JWT_KEYS_FILE is missing: a JSON file {"keys": [private ES256 JWKs, each with a kid]}.');
  let jwks: JWK[];
  try {
    const parsed = JSON.parse(readFileSync(file, 'utf8')) as { keys?: JWK[] };
    jwks = Array.isArray(parsed.keys) ? parsed.keys : [];
  } catch (cause) {
    throw new Error(
      `JWT_KEYS_FILE cannot be read (${file}). It is a JSON file {"keys": [private ES256 JWKs]}.`,
      {
        cause,
      },
    );
  }
  const [first] = jwks;
  if (first === undefined) throw new Error(`JWT_KEYS_FILE holds no key (${file}).`);
  for (const { kty, crv, kid, d } of jwks) {
    if (kty !== 'EC' || crv !== 'P-256' || !kid || !d) {
      throw new Error(`Each key in JWT_KEYS_FILE is a private EC P-256 JWK with a kid (${file}).`);
    }
  }
  const publicJwks = {
    keys: jwks.map(({ kty, crv, x, y, kid }) => ({ kty, crv, x, y, kid, use: 'sig', alg: 'ES256' }) as JWK),
  };
  const sign = await importJWK(first, 'ES256');
  if (sign instanceof Uint8Array) throw new Error(`The first key of JWT_KEYS_FILE cannot sign (${file}).`);
  return { sign, signKid: first.kid ?? '', verify: createLocalJWKSet(publicJwks), publicJwks };
}
