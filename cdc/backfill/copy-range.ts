import { randomUUID } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { ident, tableName } from '#kernel/db/sql.ts';
import type { TableFlow } from '#plan/mapping/flow.ts';
import { copyFormat, exportSelect } from './export-select.ts';

/**
 * Streams rows of a query on the source into a table on the target, buffers as they come: nothing is decoded here. The
 * slower side's socket holds the faster one back. Returns the number of rows.
 */
export async function copyRows(
  source: pg.ClientBase,
  target: pg.ClientBase,
  select: string,
  into: string,
  format: 'binary' | 'text',
  signal: AbortSignal,
): Promise<number> {
  const reader = source.query(
    copyTo(`copy (${select}) to stdout (format ${format})`, { highWaterMark: 1 << 20 }),
  );
  const writer = target.query(
    copyFrom(`copy ${into} from stdin (format ${format})`, { highWaterMark: 1 << 20 }),
  );
  await pipeline(reader, writer, { signal });
  return writer.rowCount;
}

/** Copies one range through the mapping, inside the target's open transaction. */
export async function copyRange(
  source: pg.ClientBase,
  target: pg.ClientBase,
  flow: TableFlow,
  where: string,
  signal: AbortSignal,
): Promise<number> {
  const format = copyFormat(flow);
  const columns = flow.columns.map((column) => ident(column.name)).join(', ');
  const table = tableName(flow.target.ref.name);
  const select = exportSelect(flow, where);
  if (flow.anchor) return copyRows(source, target, select, `${table} (${columns})`, format, signal);
  return fillRange(source, target, flow, select, format, signal);
}

/** An entry that only fills columns: staged, then joined to the rows that its anchor has brought. */
async function fillRange(
  source: pg.ClientBase,
  target: pg.ClientBase,
  flow: TableFlow,
  select: string,
  format: 'binary' | 'text',
  signal: AbortSignal,
): Promise<number> {
  const table = tableName(flow.target.ref.name);
  const columns = flow.columns.map((column) => ident(column.name)).join(', ');
  const staging = ident(`matapalo_fill_${randomUUID().slice(0, 8)}`);
  await target.query(
    `create temp table ${staging} on commit drop as select ${columns} from ${table} limit 0`,
  );
  const rows = await copyRows(source, target, select, `${staging} (${columns})`, format, signal);
  const filled = flow.columns.filter((column) => !column.isKey).map((column) => ident(column.name));
  if (filled.length > 0) {
    await target.query(`analyze ${staging}`);
    const match = flow.key.map((key) => `t.${ident(key.target)} = s.${ident(key.target)}`).join(' and ');
    const set = filled.map((name) => `${name} = s.${name}`).join(', ');
    await target.query(`update ${table} t set ${set} from ${staging} s where ${match}`);
  }
  return rows;
}
