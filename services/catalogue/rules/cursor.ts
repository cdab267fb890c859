import { Refusal } from './refusal.ts';

export const productSorts = ['id', '-id', 'price', '-price', 'name'] as const;
export type ProductSort = (typeof productSorts)[number];

/** Where a page ended: the sort value (absent when the sort is by id) and the id that breaks ties. */
export interface Position {
  value?: string;
  id: number;
}

const maxId = 2_147_483_647;

/** base64url of `{"sort":"-price","last":["12.34",17]}`: the shop's public format, read by whoever answers the next page. */
export function encodeCursor(sort: ProductSort, { value, id }: Position): string {
  const last = value === undefined ? [id] : [value, id];
  return Buffer.from(JSON.stringify({ sort, last })).toString('base64url');
}

export function decodeCursor(sort: ProductSort, cursor: string): Position {
  const parsed = parse(cursor);
  if (parsed?.sort !== sort) throw unreadable();
  const { last } = parsed;
  if (!Array.isArray(last)) throw unreadable();
  const byId = sort === 'id' || sort === '-id';
  if (last.length !== (byId ? 1 : 2)) throw unreadable();
  const id: unknown = last.at(-1);
  if (typeof id !== 'number' || !Number.isInteger(id) || id < 1 || id > maxId) throw unreadable();
  if (byId) return { id };
  const value: unknown = last[0];
  if (typeof value !== 'string' || value.includes('\0')) throw unreadable();
  if (sort === 'name') return { value, id };
  if (!/^\d{1,8}\.\d\d$/.test(value)) throw unreadable();
  return { value, id };
}

function parse(cursor: string): { sort?: unknown; last?: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function unreadable(): Refusal {
  return new Refusal('bad-request', 'The cursor is unreadable, or belongs to another sort.');
}
