import type { FastifyRequest } from 'fastify';
import { refuse } from './refusal.ts';

/** Reads `application/x-www-form-urlencoded`. A field named twice is refused, as OAuth demands. */
export async function readFormBody(
  _request: FastifyRequest,
  text: string | Buffer,
): Promise<Record<string, string>> {
  const fields: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [name, value] of new URLSearchParams(text.toString())) {
    if (name in fields) throw refuse('bad-request', 'A field is named twice.');
    if (name.includes('\0') || value.includes('\0')) {
      throw refuse('bad-request', 'The body holds a NUL character.');
    }
    fields[name] = value;
  }
  return fields;
}
