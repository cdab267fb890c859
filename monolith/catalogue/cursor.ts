import { ShopError } from '../http/problem.ts';
import { maxId } from '../http/document.ts';

export type Sort = 'id' | '-id' | 'price' | '-price' | 'name';

/** Where a page ended: the id, and before it the value that the sort is by. */
export interface Place {
  id: number;
  value?: string;
}

/** Public values only, no column names: whoever answers the next page can read it. */
export function writeCursor(sort: Sort, { id, value }: Place): string {
  const last = value === undefined ? [id] : [value, id];
  return Buffer.from(JSON.stringify({ sort, last })).toString('base64url');
}

export function readCursor(cursor: string, sort: Sort): Place {
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch (cause) {
    throw unreadable(cause);
  }
  if (typeof parsed !== 'object' || parsed === null || !('sort' in parsed) || !('last' in parsed))
    throw unreadable();
  if (parsed.sort !== sort || !Array.isArray(parsed.last)) throw unreadable();
  const last: readonly unknown[] = parsed.last;
  const byId = sort === 'id' || sort === '-id';
  const [value, id] = byId ? [undefined, last[0]] : last;
  if (last.length !== (byId ? 1 : 2) || typeof id !== 'number') throw unreadable();
  if (!Number.isInteger(id) || id < 1 || id > maxId) throw unreadable();
  if (byId) return { id };
  if (typeof value !== 'string' || value.includes('\0')) throw unreadable();
  if (sort !== 'name' && !/^\d{1,8}\.\d\d$/.test(value)) throw unreadable();
  return { id, value };
}

const unreadable = (cause?: unknown) =>
  new ShopError('bad-request', 'The cursor is unreadable, or belongs to another sort.', { cause });
