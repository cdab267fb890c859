import type { Queryable } from '#kernel/db/pool.ts';
import { ident, tableName } from '#kernel/db/sql.ts';
import type { FlowColumn, TableFlow } from '#plan/mapping/flow.ts';
import type { ColumnShape, TableShape } from '#plan/mapping/shape.ts';

/** Types above belong to one database: on the other server their values are text. */
const firstLocalOid = 16_384;

export const isLocal = (column: ColumnShape | undefined): boolean =>
  column === undefined || column.typeOid >= firstLocalOid;

/** The type that a value of the column has on the server of the other side. */
export const portableType = (column: ColumnShape): string => (isLocal(column) ? 'text' : column.type);

/** An expression as the tool evaluates it on a server that may lack the target's local types. */
export function portableExpression(flow: TableFlow, column: FlowColumn): string {
  const shape = flow.target.columns.find((item) => item.name === column.name);
  return isLocal(shape) ? `(${column.expression})::text` : `(${column.expression})::${column.type}`;
}

/** Rows of a table as text, column by column. */
export interface Sample {
  columns: readonly ColumnShape[];
  rows: readonly (readonly (string | null)[])[];
}

/** Some real rows: of random blocks where the table is large, so that old and new ones are among them. */
export async function sampleRows(db: Queryable, table: TableShape, limit: number): Promise<Sample> {
  const list = table.columns.map((column) => `${ident(column.name)}::text`).join(', ');
  const from = tableName(table.ref.name);
  const { rows: sizes } = await db.query<{ blocks: string }>(
    `select greatest(1, pg_table_size($1::oid) / 8192)::text as blocks`,
    [table.oid],
  );
  const percent = Math.min(100, (100 * 200) / Number(sizes[0]?.blocks ?? 1));
  const sampled = table.kind === 'r' || table.kind === 'p' ? ` tablesample system (${percent})` : '';
  const { rows } = await db.query<{ row: (string | null)[] }>(
    `select array[${list}] as row from ${from}${sampled} limit ${limit}`,
  );
  return { columns: table.columns, rows: rows.map((item) => item.row) };
}

/** Evaluates expressions over rows shipped as text, on any server: `types` says what each column is there. */
export async function evaluate(
  db: Queryable,
  sample: { names: readonly string[]; types: readonly string[]; rows: Sample['rows'] },
  expressions: readonly string[],
): Promise<(string | null)[][]> {
  const inputs = sample.names.map((_, index) => `$${index + 1}::text[]`).join(', ');
  const aliases = sample.names.map((_, index) => `c${index}`).join(', ');
  const typed = sample.names
    .map((name, index) => `c${index}::${sample.types[index]} as ${ident(name)}`)
    .join(', ');
  const list = expressions.map((expression) => `(${expression})::text`).join(', ');
  const { rows } = await db.query<{ row: (string | null)[] }>(
    `select array[${list}] as row
       from (select ${typed}, no from unnest(${inputs}) with ordinality u(${aliases}, no)) s order by no`,
    sample.names.map((_, index) => sample.rows.map((row) => row[index] ?? null)),
  );
  return rows.map((item) => item.row);
}
