import { readFileSync } from 'node:fs';
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

/** Reads `{ keys: [private ES256 JWKs] }`. Several keys: the first signs, the others still verify, for a rotation. */
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
