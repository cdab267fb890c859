import type pg from 'pg';
import type { EntityManager } from 'typeorm';

/** Anything that runs SQL: the data source's manager, or a transaction's connection. */
export type Sql = Pick<EntityManager, 'query'>;

/** The rows of a statement; TypeORM wraps those of UPDATE and DELETE in a pair with the count. */
export async function rows<Row>(sql: Sql, text: string, parameters: unknown[] = []): Promise<Row[]> {
  const answer = await sql.query<unknown>(text, parameters);
  if (Array.isArray(answer) && answer.length === 2 && Array.isArray(answer[0])) return answer[0] as Row[];
  return answer as Row[];
}

/** The constraint that a failure names. */
export function constraintOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'constraint' in error ? error.constraint : undefined;
}

const names = new Map<string, string>();
let generation = 1;

/** What a prepared statement fails with after a migration has changed the type of what it returns (SQLSTATE 0A000). */
export const staleStatement = '0A000';

/** Prepares every statement anew at its next use, on each connection. Needed after `staleStatement`; the old ones are never used again. */
export function renameStatements(): void {
  names.clear();
  generation += 1;
}

/**
 * A connection whose statements are prepared at their first use: parsing and planning them took longer than running them.
 * Texts must come from a small fixed set, values travel as parameters.
 */
export function onConnection(client: pg.ClientBase): Sql {
  const query = async (text: string, values: unknown[] = []): Promise<unknown[]> => {
    let name = names.get(text);
    if (name === undefined) names.set(text, (name = `statement_${generation}_${names.size + 1}`));
    return (await client.query<pg.QueryResultRow>({ name, text, values })).rows;
  };
  return { query } as Sql;
}
