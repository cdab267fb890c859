import type { EntityManager } from 'typeorm';

/** What runs a statement: the data source's manager, or that of an open transaction. */
export type Sql = Pick<EntityManager, 'query'>;

/**
 * Runs one statement and gives its rows. TypeORM answers UPDATE and DELETE as `[rows, count]` and everything else as
 * `rows`; here it is always the rows.
 */
export async function rows<Row>(sql: Sql, statement: string, parameters: unknown[] = []): Promise<Row[]> {
  const result: unknown = await sql.query(statement, parameters);
  if (!Array.isArray(result)) return [];
  if (result.length === 2 && Array.isArray(result[0]) && typeof result[1] === 'number')
    return result[0] as Row[];
  return result as Row[];
}

export async function row<Row>(
  sql: Sql,
  statement: string,
  parameters: unknown[] = [],
): Promise<Row | undefined> {
  return (await rows<Row>(sql, statement, parameters))[0];
}

/** PostgreSQL's SQLSTATE of a failure, through TypeORM's wrapping. */
export function sqlState(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** The constraint that a failure names. */
export function constraintOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('constraint' in error)) return undefined;
  return typeof error.constraint === 'string' ? error.constraint : undefined;
}

export const uniqueViolation = '23505';
export const foreignKeyViolation = '23503';
export const checkViolation = '23514';
