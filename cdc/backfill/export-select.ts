import { ident, tableName } from '#kernel/db/sql.ts';
import type { FlowColumn, TableFlow } from '#plan/mapping/flow.ts';
import type { ColumnShape } from '#plan/mapping/shape.ts';

/** Types below are the same on every server; those above belong to one database. */
const firstLocalOid = 16_384;

/** True for an array or a composite of local types, whose binary form carries oids, and for types the source need not have. */
export function isLocalType(column: ColumnShape | undefined): boolean {
  return column === undefined || column.typeOid >= firstLocalOid;
}

/**
 * The source's side of a copy. A built-in target type is cast to exactly, so that binary COPY stores the value that was
 * meant; a value of a type that only the target has goes over as text.
 */
export function exportColumn(column: FlowColumn, flow: TableFlow): string {
  const shape = flow.target.columns.find((item) => item.name === column.name);
  return isLocalType(shape)
    ? `(${column.expression})::text as ${ident(column.name)}`
    : `(${column.expression})::${column.type} as ${ident(column.name)}`;
}

export function exportSelect(flow: TableFlow, where: string): string {
  const list = flow.columns.map((column) => exportColumn(column, flow)).join(', ');
  return `select ${list} from ${tableName(flow.source.ref.name)}${where === '' ? '' : ` where ${where}`}`;
}

export function copyFormat(flow: TableFlow): 'binary' | 'text' {
  const mapped = flow.target.columns.filter((column) =>
    flow.columns.some((item) => item.name === column.name),
  );
  return mapped.some(isLocalType) ? 'text' : 'binary';
}
