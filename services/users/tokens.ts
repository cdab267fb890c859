import { randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import type { KeyRing } from '#kernel/auth/key-ring.ts';
import { createVerify, type Identity, type Verify } from '#kernel/auth/verify.ts';
import { MatapaloError } from '#kernel/errors.ts';
import { accessTokenSeconds } from './rules/limits.ts';

export const audience = 'shop';

export interface Grant {
  subject: string;
  roles: readonly string[];
  scope: string;
  /** The session that a user's token stems from. */
  sessionId?: string;
}

export interface Tokens {
  issue(grant: Grant): Promise<string>;
  verify: Verify;
  /** For who only wants to know: undefined for whatever is no valid access token. */
  read(token: string): Promise<Identity | undefined>;
}

/** Signs and verifies access tokens (RFC 9068) with a ring of keys that all issuers of the shop share. */
export function createTokens(ring: KeyRing, issuer: string, jwksUrl: string): Tokens {
  const verify = createVerify({
    jwksUrl,
    issuer,
    audience,
    // Our own ring: it is newer than what we publish.
    keys: (header, token) => ring.keys.verify(header, token),
  });
  return {
    issue({ subject, roles, scope, sessionId }) {
      const { sign, kid } = ring.keys;
      return new SignJWT({ roles: [...roles], scope, ...(sessionId === undefined ? {} : { sid: sessionId }) })
        .setProtectedHeader({ alg: 'ES256', kid, typ: 'at+jwt' })
        .setIssuer(issuer)
        .setAudience(audience)
        .setSubject(subject)
        .setJti(randomUUID())
        .setIssuedAt()
        .setExpirationTime(`${accessTokenSeconds} s`)
        .sign(sign);
    },
    verify,
    async read(token) {
      try {
        return await verify(`Bearer ${token}`);
      } catch (error) {
        if (error instanceof MatapaloError && error.code === 'unauthorized') return undefined;
        throw error;
      }
    },
  };
}
