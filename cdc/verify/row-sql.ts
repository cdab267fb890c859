import { ident, tableName } from '#kernel/db/sql.ts';
import type { FlowColumn, TableFlow } from '#plan/mapping/flow.ts';
import { isLocalType } from '#cdc/backfill/export-select.ts';

/** Which side of a flow a statement is for: the source through the mapping, or the target's columns as they are. */
export type FlowSide = 'source' | 'target';

/**
 * SQL that gives the same text for the same row on both sides of a flow. It relies on the tool's session settings, and hashes
 * bytes, whatever the collations are.
 */
export function valueSql(flow: TableFlow, side: FlowSide, column: FlowColumn): string {
  const local = isLocalType(flow.target.columns.find((item) => item.name === column.name));
  if (side === 'target') return local ? `${ident(column.name)}::text` : ident(column.name);
  return `(${column.expression})::${local ? 'text' : column.type}`;
}

const keyColumns = (flow: TableFlow) => flow.columns.filter((column) => column.isKey);

/** The target's key as an array of text, in the order of the flow's key columns. */
export function keySql(flow: TableFlow, side: FlowSide): string {
  return `array[${keyColumns(flow)
    .map((column) => `${valueSql(flow, side, column)}::text`)
    .join(', ')}]`;
}

export function hashSql(flow: TableFlow, side: FlowSide): string {
  const values = flow.columns.map((column) => valueSql(flow, side, column)).join(', ');
  return `hashtextextended(row(${values})::text collate "C", 0)`;
}

export function bucketSql(flow: TableFlow, side: FlowSide, buckets: number): string {
  return `(hashtextextended(${keySql(flow, side)}::text collate "C", 1) & ${buckets - 1})::int4`;
}

export function tableSql(flow: TableFlow, side: FlowSide): string {
  return tableName(flow[side].ref.name);
}

export function sumsSql(flow: TableFlow, side: FlowSide, where: string): string {
  return `select count(*)::text as rows, coalesce(sum(${hashSql(flow, side)}), 0)::text as sum
            from ${tableSql(flow, side)}${whereClause([where])}`;
}

export function bucketSumsSql(flow: TableFlow, side: FlowSide, where: string, buckets: number): string {
  return `select ${bucketSql(flow, side, buckets)} as bucket, count(*)::text || ':' || sum(${hashSql(flow, side)})::text as sum
            from ${tableSql(flow, side)}${whereClause([where])} group by 1`;
}

/** Keys and hashes of some buckets, given as $1. */
export function bucketRowsSql(flow: TableFlow, side: FlowSide, where: string, buckets: number): string {
  const inBuckets = `${bucketSql(flow, side, buckets)} = any($1::int4[])`;
  return `select ${keySql(flow, side)} as key, ${hashSql(flow, side)}::text as hash
            from ${tableSql(flow, side)}${whereClause([where, inBuckets])}`;
}

/**
 * Rows by key: one text array a key column as $1, $2, ... It may return more rows than asked for (any combination of the
 * columns' values); `xmin` tells a row that was written in between. `withValues` adds every mapped value as text.
 */
export function lookupSql(
  flow: TableFlow,
  side: FlowSide,
  options: { values?: boolean; lock?: boolean } = {},
): string {
  const conditions = keyColumns(flow).map((column, index) => {
    const plain = plainSource(flow, column);
    if (side === 'target') return `${ident(column.name)} = any($${index + 1}::text[]::${column.type}[])`;
    if (plain === undefined) return `(${valueSql(flow, side, column)})::text = any($${index + 1}::text[])`;
    return `${ident(plain.name)} = any($${index + 1}::text[]::${plain.type}[])`;
  });
  const list = flow.columns.map((column) => `${valueSql(flow, side, column)}::text`).join(', ');
  return `select ${keySql(flow, side)} as key, ${hashSql(flow, side)}::text as hash, xmin::text as xmin
                 ${options.values ? `, array[${list}] as values` : ''}
            from ${tableSql(flow, side)}${whereClause(conditions)}${options.lock ? ' for share' : ''}`;
}

/** The source column that a target column is a plain copy of; undefined where it is computed. */
export function plainSource(flow: TableFlow, column: FlowColumn | undefined) {
  const text = column?.expression.trim();
  return flow.source.columns.find((item) => text === item.name || text === ident(item.name));
}

export function whereClause(conditions: readonly string[]): string {
  const parts = conditions.filter((condition) => condition !== '');
  return parts.length === 0 ? '' : ` where ${parts.join(' and ')}`;
}
