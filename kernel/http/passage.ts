import type { FastifyRequest } from 'fastify';

/** Headers that a request hands on, unchanged, to every call that is made on its behalf: who waits for it, and its trace. */
const handedOn = ['matapalo-parent', 'matapalo-epoch', 'traceparent', 'tracestate'] as const;

/** What work must know of the request behind it. A job has none but an id. */
export interface Passage {
  requestId: string;
  headers: Record<string, string>;
  /** How long to try again where a neighbour is away, if that is less than is usual. */
  patienceMs?: number;
}

export function passageOf(request: FastifyRequest): Passage {
  const headers: Record<string, string> = { 'x-request-id': request.id };
  for (const name of handedOn) {
    const value = request.headers[name];
    if (typeof value === 'string') headers[name] = value;
  }
  return { requestId: request.id, headers };
}

/** A job comes back by itself: meanwhile others wait for it, and so does a process that is to stop. */
export const jobPassage = (requestId: string): Passage => ({
  requestId,
  headers: { 'x-request-id': requestId },
  patienceMs: 1_000,
});
