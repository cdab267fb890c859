import { refuse } from './refusal.ts';

const maxId = 2_147_483_647;

/** The cursor of a list that is sorted by id alone: base64url of JSON `{"last":[17]}`. */
export function writeIdCursor(id: number): string {
  return Buffer.from(JSON.stringify({ last: [id] })).toString('base64url');
}

export function readIdCursor(cursor: string): number {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (typeof parsed === 'object' && parsed !== null && 'last' in parsed && Array.isArray(parsed.last)) {
      const [id] = parsed.last as unknown[];
      if (typeof id === 'number' && Number.isInteger(id) && id >= 1 && id <= maxId) return id;
    }
  } catch {
    // Unreadable, as what follows says.
  }
  throw refuse('bad-request', 'The cursor is unreadable.');
}
