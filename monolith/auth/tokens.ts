import { randomUUID } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';
import { ShopError } from '../http/problem.ts';
import type { Role } from '../http/document.ts';
import type { KeyRing } from './keys.ts';

export const accessTokenSeconds = 900;
const audience = 'shop';
const algorithm = 'ES256';
const cachedTokens = 5_000;

/** Who a request comes from, as its access token says. */
export interface Caller {
  subject: string;
  /** Absent for a service's token: its subject is a client id. */
  userId: number | undefined;
  /** The session that a user's token stems from: it ends when the session is revoked, for those who ask. */
  sessionId: string | undefined;
  roles: readonly Role[];
  scopes: readonly string[];
  expiresAtMs: number;
}

export interface Grant {
  subject: string;
  roles: readonly Role[];
  scope: string;
  sessionId?: string;
}

const roles: readonly string[] = ['customer', 'agent', 'manager', 'admin'] satisfies Role[];
const isRole = (value: unknown): value is Role => typeof value === 'string' && roles.includes(value);

/** Signs and verifies access tokens (RFC 9068) with the shop's keys. */
export function createTokens(ring: KeyRing, issuer: string) {
  // A token is presented on every request of its 15 minutes; its signature needs checking once.
  const verified = new Map<string, Caller>();
  let verifiedWith = ring.keys;

  async function issue(grant: Grant, seconds = accessTokenSeconds): Promise<string> {
    const { subject, roles, scope, sessionId } = grant;
    const { sign, signKid } = ring.keys;
    return new SignJWT({ roles: [...roles], scope, ...(sessionId === undefined ? {} : { sid: sessionId }) })
      .setProtectedHeader({ alg: algorithm, kid: signKid, typ: 'at+jwt' })
      .setIssuer(issuer)
      .setAudience(audience)
      .setSubject(subject)
      .setJti(randomUUID())
      .setIssuedAt()
      .setExpirationTime(`${seconds} s`)
      .sign(sign);
  }

  async function verify(token: string): Promise<Caller> {
    // A key that was taken out of the ring verifies nothing any more.
    if (verifiedWith !== ring.keys) verified.clear();
    verifiedWith = ring.keys;
    const known = verified.get(token);
    if (known !== undefined && known.expiresAtMs > Date.now()) return known;
    verified.delete(token);
    try {
      const { payload } = await jwtVerify(token, ring.keys.verify, {
        issuer,
        audience,
        algorithms: [algorithm],
        typ: 'at+jwt',
        requiredClaims: ['sub', 'exp', 'iat'],
      });
      const subject = payload.sub ?? '';
      const claimed: unknown = payload['roles'];
      const caller: Caller = {
        subject,
        userId: /^[1-9][0-9]{0,9}$/.test(subject) ? Number(subject) : undefined,
        sessionId: typeof payload['sid'] === 'string' ? payload['sid'] : undefined,
        roles: Array.isArray(claimed) ? claimed.filter(isRole) : [],
        scopes: typeof payload['scope'] === 'string' ? payload['scope'].split(' ').filter(Boolean) : [],
        expiresAtMs: (payload.exp ?? 0) * 1000,
      };
      const [oldest] = verified.keys();
      if (verified.size >= cachedTokens && oldest !== undefined) verified.delete(oldest);
      verified.set(token, caller);
      return caller;
    } catch (cause) {
      throw new ShopError('unauthorized', 'The access token is not valid.', {
        cause,
        headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
      });
    }
  }

  /** The same for who only wants to know: undefined for whatever is no valid access token. */
  async function read(token: string): Promise<Caller | undefined> {
    try {
      return await verify(token);
    } catch (error) {
      if (error instanceof ShopError) return undefined;
      throw error;
    }
  }

  return { issue, verify, read };
}

export type Tokens = ReturnType<typeof createTokens>;
