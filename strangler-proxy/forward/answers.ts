import type { ServerResponse } from 'node:http';
import { problem, problemOf, problemType, type Problem } from '#kernel/http/problem.ts';
import { errorCodeOf, MatapaloError } from '#kernel/errors.ts';
import type { UpstreamFailure } from './health.ts';

/** Answers that the proxy gives by itself. None of them names an upstream's address. */
export const answers = {
  badTarget: problem(
    400,
    'bad-request',
    'The request cannot be understood',
    'The path can be read in more than one way. Send it without encoded slashes, backslashes, NUL, `;` or double encoding.',
  ),
  gone: problem(
    410,
    'gone',
    'This is not served any more',
    'The server that answered this path has been turned off for good, and nothing has taken the path over.',
  ),
  tooLarge: problem(
    413,
    'too-large',
    'The request cannot be taken',
    'The body is larger than this proxy passes on.',
  ),
  expectation: problem(417, 'bad-request', 'The request cannot be taken', 'Expect can only be 100-continue.'),
  notReady: problem(
    503,
    'unavailable',
    'Not available at the moment',
    'The routes are not known yet. Try again.',
  ),
  stale: problem(
    503,
    'unavailable',
    'Not available at the moment',
    'Where this group is served could not be confirmed. Try again.',
  ),
  stopping: problem(503, 'unavailable', 'Not available at the moment', 'This proxy is stopping. Try again.'),
  notOwner: problem(
    503,
    'not-owner',
    'This side does not own the data now',
    'The data was moving while the request arrived; nothing was written. Try again.',
  ),
  heldTooMany: problem(
    503,
    'held',
    'Writes wait for a move of the data',
    'Too many requests wait already; nothing was written. Try again.',
  ),
  heldTooLong: problem(
    503,
    'held',
    'Writes wait for a move of the data',
    'The move takes longer than a request may wait; nothing was written. Try again.',
  ),
  unreachable: problem(
    502,
    'bad-gateway',
    'The server behind cannot be reached',
    'No connection could be made.',
  ),
  broken: problem(
    502,
    'bad-gateway',
    'The server behind did not answer properly',
    'The connection broke before an answer. A write may or may not have taken effect.',
  ),
  timedOut: problem(
    504,
    'gateway-timeout',
    'The server behind did not answer in time',
    'A write may or may not have taken effect.',
  ),
} as const satisfies Record<string, Problem>;

export function badHeaders(reason: string): Problem {
  return problem(400, 'bad-request', 'The request cannot be understood', reason);
}

/** Sends a problem; on a response that has begun, cuts it, so that the client sees that it is not whole. */
export function sendProblem(
  response: ServerResponse,
  body: Problem,
  requestId: string,
  extra: readonly string[] = [],
): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  if (response.destroyed) return;
  const text = JSON.stringify(body);
  const out = ['content-type', problemType, 'content-length', String(Buffer.byteLength(text))];
  out.push('cache-control', 'no-store', 'x-request-id', requestId, ...extra);
  if (body.status === 503) out.push('retry-after', '1');
  // An unread body would be taken for the next request, or read for nothing.
  if (!response.req.complete) out.push('connection', 'close');
  response.writeHead(body.status, out);
  response.end(text);
}

const answerTo = {
  unreachable: answers.unreachable,
  broken: answers.broken,
  'timed-out': answers.timedOut,
} as const satisfies Record<UpstreamFailure, Problem>;

/** How the server behind failed; undefined for what is not its fault. */
export function failureOf(error: unknown): UpstreamFailure | undefined {
  if (error instanceof MatapaloError) return undefined;
  const code = errorCodeOf(error) ?? '';
  if (isConnectFailure(error)) return 'unreachable';
  if (code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT' || code === 'ETIMEDOUT')
    return 'timed-out';
  return 'broken';
}

/** What a failed dispatch means to the client. */
export function problemOfFailure(error: unknown): Problem {
  if (error instanceof MatapaloError) return problemOf(error);
  return answerTo[failureOf(error) ?? 'broken'];
}

const connectCodes = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

/** True when no byte of the request can have reached the upstream. */
export function isConnectFailure(error: unknown): boolean {
  return connectCodes.has(errorCodeOf(error) ?? '');
}
