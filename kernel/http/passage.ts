import type { FastifyRequest } from 'fastify';

/** Headers that a request hands on, unchanged, to every call that is made on its behalf: who waits for it, and its trace. */
const handedOn = ['matapalo-parent', 'matapalo-epoch', 'traceparent', 'tracestate'] as const;

/** What work must know of the request behind it. A job has none but an id. */
export interface Passage {
  requestId: string;
  headers: Record<string, string>;
}

export function passageOf(request: FastifyRequest): Passage {
  const headers: Record<string, string> = { 'x-request-id': request.id };
  for (const name of handedOn) {
    const value = request.headers[name];
    if (typeof value === 'string') headers[name] = value;
  }
  return { requestId: request.id, headers };
}

export const jobPassage = (requestId: string): Passage => ({
  requestId,
  headers: { 'x-request-id': requestId },
});
