import type { FastifyRequest } from 'fastify';
import { refuse } from './refusal.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The body is needed as it came, too: it is signed. */
    keepSource?: boolean;
  }
}

const sources = new WeakMap<FastifyRequest, string>();

/** The body of a route that keeps it, as it came. */
export const sourceOf = (request: FastifyRequest): string => sources.get(request) ?? '';

/**
 * Reads a JSON body. An empty one counts as absent: whether a body is needed is the schema's to say. NUL characters,
 * which PostgreSQL's text cannot hold, and keys that would reach a prototype are refused.
 */
export async function readJsonBody(request: FastifyRequest, source: string | Buffer): Promise<unknown> {
  const text = source.toString();
  if (request.routeOptions.config.keepSource === true) sources.set(request, text);
  if (text.trim() === '') return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw refuse('bad-request', 'The body is not JSON.', { cause });
  }
  // An escape or a suspicious key shows in the source; only then is the walk worth its time.
  if (/\\u00|__proto__|constructor/i.test(text)) refuseUnsafe(value);
  return value;
}

function refuseUnsafe(value: unknown): void {
  if (typeof value === 'string' && value.includes('\0')) {
    throw refuse('bad-request', 'The body holds a NUL character.');
  }
  if (typeof value !== 'object' || value === null) return;
  for (const [key, member] of Object.entries(value)) {
    if (key === '__proto__' || key === 'constructor') {
      throw refuse('bad-request', `The key ${key} is not taken.`);
    }
    refuseUnsafe(key);
    refuseUnsafe(member);
  }
}
