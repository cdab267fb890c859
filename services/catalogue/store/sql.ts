import type { EntityManager } from 'typeorm';

/** Anything that runs SQL: the data source's manager, or a transaction's. */
export type Sql = Pick<EntityManager, 'query'>;

/** The rows of a statement; TypeORM wraps those of UPDATE and DELETE in a pair with the count. */
export async function rows<Row>(sql: Sql, text: string, parameters: unknown[] = []): Promise<Row[]> {
  const answer = await sql.query<unknown>(text, parameters);
  if (Array.isArray(answer) && answer.length === 2 && Array.isArray(answer[0])) return answer[0] as Row[];
  return answer as Row[];
}
