import type { FastifyRequest } from 'fastify';
import { ShopError } from './problem.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The body is needed as it came, too: it is signed. */
    keepSource?: boolean;
  }
}

const sources = new WeakMap<FastifyRequest, string>();

/** The body of an operation that keeps it, as it came. */
export const sourceOf = (request: FastifyRequest): string => sources.get(request) ?? '';

/**
 * Reads a JSON body. An empty one counts as absent, so that a bodiless POST with a content type is no error; whether a
 * body is needed is the schema's to say. Refused: what is not JSON, NUL characters, and keys that would reach a prototype.
 */
export async function readJson(request: FastifyRequest, text: string | Buffer): Promise<unknown> {
  const source = text.toString();
  if (request.routeOptions.config.keepSource === true) sources.set(request, source);
  if (source.trim() === '') return undefined;
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch (cause) {
    throw new ShopError('bad-request', 'The body is not JSON.', { cause });
  }
  // The walk is for the rare body whose source shows a reason.
  if (/\\u0000|__proto__|constructor|\\u00[56]/i.test(source)) refuseUnsafe(value);
  return value;
}

function refuseUnsafe(value: unknown): void {
  if (typeof value === 'string') {
    if (value.includes('\0')) throw new ShopError('bad-request', 'The body holds a NUL character.');
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  for (const [key, member] of Object.entries(value)) {
    if (key === '__proto__' || key === 'constructor')
      throw new ShopError('bad-request', `The key ${key} is not taken.`);
    refuseUnsafe(key);
    refuseUnsafe(member);
  }
}
