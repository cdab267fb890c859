import { ident } from '#kernel/db/sql.ts';
import type { FlowColumn, TableFlow } from './flow.ts';

/** `(expression)::type AS "column"`: the cast makes binary COPY and comparison exact. */
export function mappedColumn(column: FlowColumn): string {
  return `(${column.expression})::${column.type} as ${ident(column.name)}`;
}

/** The target's rows as the source has them: the same SQL for backfill, verification and repair. */
export function mappedSelect(flow: TableFlow, where = ''): string {
  const from = `${ident(flow.source.ref.schema)}.${ident(flow.source.ref.table)}`;
  return `select ${flow.columns.map(mappedColumn).join(', ')} from ${from}${where === '' ? '' : ` where ${where}`}`;
}
