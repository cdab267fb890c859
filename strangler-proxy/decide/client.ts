import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { cookies } from '#plan/names.ts';

export interface Client {
  /** Stable key: by token, else cookie, else address. */
  key: string;
  /** Set where the client has neither: the cookie that keeps its bucket when its address changes. */
  newCookie: string | undefined;
}

/**
 * The token is not verified here: a forged subject only chooses the forger's own bucket. A client known by its address
 * gets a cookie whose value is its address's hash, so that the cookie puts it into the same bucket as before.
 */
export function clientOf(requestHeaders: IncomingHttpHeaders, address: string): Client {
  const subject = subjectOf(requestHeaders.authorization);
  if (subject !== undefined) return { key: `sub:${subject}`, newCookie: undefined };
  const cookie = cookieOf(requestHeaders.cookie, cookies.client);
  if (cookie !== undefined && /^[\w-]{8,64}$/.test(cookie))
    return { key: `id:${cookie}`, newCookie: undefined };
  const value = createHash('sha256').update(address).digest('base64url').slice(0, 22);
  return {
    key: `id:${value}`,
    newCookie: `${cookies.client}=${value}; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax`,
  };
}

function subjectOf(authorization: string | undefined): string | undefined {
  const payload = /^Bearer [\w-]+\.([\w-]+)\.[\w-]*$/i.exec(authorization ?? '')?.[1];
  if (payload === undefined || payload.length > 8_192) return undefined;
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    if (typeof claims !== 'object' || claims === null || !('sub' in claims)) return undefined;
    return typeof claims.sub === 'string' && claims.sub !== '' ? claims.sub : undefined;
  } catch {
    return undefined;
  }
}

/** The first cookie of that name. */
export function cookieOf(header: string | undefined, name: string): string | undefined {
  if (header === undefined) return undefined;
  for (let at = header.indexOf(name); at >= 0; at = header.indexOf(name, at + 1)) {
    const start = header.lastIndexOf(';', at) + 1;
    const equals = header.indexOf('=', at);
    if (equals < 0) return undefined;
    // The name is found in a value, too, or in the middle of a longer name.
    if (header.slice(start, equals).trim() !== name) continue;
    const end = header.indexOf(';', equals);
    return header.slice(equals + 1, end < 0 ? header.length : end).trim();
  }
  return undefined;
}
