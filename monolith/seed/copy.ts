import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Client } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

export type Cell = string | number | null;

const escapes: Record<string, string> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

function text(cell: Cell): string {
  if (cell === null) return '\\N';
  return typeof cell === 'number'
    ? String(cell)
    : cell.replaceAll(/[\\\t\n\r]/g, (mark) => escapes[mark] ?? mark);
}

function* chunks(rows: Iterable<readonly Cell[]>): Generator<string> {
  let chunk = '';
  for (const row of rows) {
    chunk += `${row.map(text).join('\t')}\n`;
    if (chunk.length > 64 * 1024) {
      yield chunk;
      chunk = '';
    }
  }
  if (chunk !== '') yield chunk;
}

/** Loads rows through COPY: one round trip, however many they are. `target` is `table (column, ...)`. */
export async function copyRows(
  client: Client,
  target: string,
  rows: Iterable<readonly Cell[]>,
): Promise<void> {
  await pipeline(Readable.from(chunks(rows)), client.query(copyFrom(`copy ${target} from stdin`)));
}

/** Identity columns go on after the ids that were loaded. */
export async function raiseSequence(client: Client, table: string, column: string): Promise<void> {
  await client.query(
    `select setval(pg_get_serial_sequence($1, $2), greatest((select max(${column}) from ${table}), 1))`,
    [table, column],
  );
}
