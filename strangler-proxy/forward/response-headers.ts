import type { IncomingHttpHeaders } from 'node:http';
import { namedByConnection } from './request-headers.ts';

type Headers = IncomingHttpHeaders | Record<string, string | string[] | undefined>;

const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authentication-info',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** What the upstream said to the client, without what it said to us. A flat list of names and values. */
export function responseHeaders(
  incoming: Headers,
  requestId: string,
  addedCookies: readonly string[] | undefined,
): string[] {
  const out: string[] = [];
  const connection = incoming['connection'];
  const named = namedByConnection(Array.isArray(connection) ? connection.join(',') : connection);
  let via = '1.1 matapalo';
  let hasRequestId = false;
  for (const name in incoming) {
    const value = incoming[name];
    if (value === undefined || hopByHop.has(name) || named?.has(name) === true) continue;
    if (name === 'via') via = `${Array.isArray(value) ? value.join(', ') : value}, ${via}`;
    else if (name.startsWith('matapalo-')) continue;
    else if (typeof value === 'string') out.push(name, value);
    else for (const one of value) out.push(name, one);
    if (name === 'x-request-id') hasRequestId = true;
  }
  out.push('via', via);
  if (!hasRequestId) out.push('x-request-id', requestId);
  if (addedCookies !== undefined) for (const cookie of addedCookies) out.push('set-cookie', cookie);
  return out;
}
