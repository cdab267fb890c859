import { setTimeout as delay } from 'node:timers/promises';
import { createRemoteJWKSet, customFetch, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose';
import { MatapaloError } from '../errors.ts';

export interface VerifyOptions {
  jwksUrl: string;
  issuer: string;
  audience: string;
  /** Asymmetric algorithms only; default ES256. */
  algorithms?: readonly string[];
  /** Replaces the remote set, for a process that holds the keys itself. */
  keys?: JWTVerifyGetKey;
  /** Fetches the keys ahead of the first token, again and again until it succeeds or this is aborted. */
  prefetch?: AbortSignal;
}

export interface Identity {
  subject: string;
  roles: readonly string[];
  scopes: readonly string[];
  claims: JWTPayload;
}

export type Verify = (authorization: string | undefined) => Promise<Identity>;

/** How long a checked signature is believed without being checked again, and so how much longer a withdrawn key counts. */
const trustMs = 60_000;
const remembered = 10_000;

/**
 * Verifies bearer access tokens (RFC 9068, `typ: at+jwt`) against a cached JWKS. Fetches are bounded: at most one in
 * 10 s however many unknown key ids arrive, each within 3 s. A
 * token that was good is good for a minute more, but never past its end. Throws `unauthorized`.
 */
export function createVerify(options: VerifyOptions): Verify {
  const remote = createRemoteJWKSet(new URL(options.jwksUrl), {
    cooldownDuration: 10_000,
    timeoutDuration: 3_000,
    cacheMaxAge: 600_000,
    [customFetch]: (url, init) => fetch(url, init),
  });
  const keys = options.keys ?? remote;
  if (options.prefetch) void prefetch(() => remote.reload(), options.prefetch);
  const algorithms = [...(options.algorithms ?? ['ES256'])];
  const known = new Map<string, { identity: Identity; untilMs: number }>();
  return async (authorization) => {
    const token = /^Bearer ([\w.-]{20,8192})$/i.exec(authorization ?? '')?.[1];
    if (token === undefined) throw new MatapaloError('unauthorized', 'A bearer token is needed.');
    const before = known.get(token);
    if (before !== undefined && before.untilMs > Date.now()) return before.identity;
    known.delete(token);
    let claims: JWTPayload;
    try {
      const verified = await jwtVerify(token, keys, {
        issuer: options.issuer,
        audience: options.audience,
        algorithms,
        typ: 'at+jwt',
        clockTolerance: 5,
        requiredClaims: ['sub', 'exp', 'iat'],
      });
      claims = verified.payload;
    } catch (error) {
      if (isKeySourceFailure(error)) {
        throw new MatapaloError('unavailable', 'The signing keys cannot be fetched now.', { cause: error });
      }
      throw new MatapaloError('unauthorized', 'The token is not valid.', { cause: error });
    }
    // RFC 9068: `iat` in the future means a clock or a forger that we do not trust.
    if ((claims.iat ?? 0) > Date.now() / 1000 + 60)
      throw new MatapaloError('unauthorized', 'The token is not valid yet.');
    const identity: Identity = {
      subject: claims.sub ?? '',
      roles: Array.isArray(claims['roles']) ? claims['roles'].filter((role) => typeof role === 'string') : [],
      scopes: typeof claims['scope'] === 'string' ? claims['scope'].split(' ').filter(Boolean) : [],
      claims,
    };
    const [oldest] = known.keys();
    if (known.size >= remembered && oldest !== undefined) known.delete(oldest);
    known.set(token, { identity, untilMs: Math.min(Date.now() + trustMs, (claims.exp ?? 0) * 1000) });
    return identity;
  };
}

/** jose reports a JWKS that timed out or answered badly with codes of their own, and network failures as TypeError. */
function isKeySourceFailure(error: unknown): boolean {
  if (error instanceof TypeError) return true;
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return code === 'ERR_JWKS_TIMEOUT' || code === 'ERR_JOSE_GENERIC';
}

/** The issuer may start after us. */
async function prefetch(reload: () => Promise<void>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      return await reload();
    } catch {
      await delay(500, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }
}
