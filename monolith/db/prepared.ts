import type { EntityManager } from 'typeorm';
import type pg from 'pg';

const most = 500;
const names = new Map<string, string>();
let generation = 1;

/** What a prepared statement fails with after a migration has changed the type of what it returns (SQLSTATE 0A000). */
export const staleStatement = '0A000';

/** Prepares every statement anew at its next use, on each connection. */
export function renameStatements(): void {
  names.clear();
  generation += 1;
}

function nameOf(text: string): string | undefined {
  const known = names.get(text);
  // Statements that are put together at run time might be many; those beyond the bound are parsed each time.
  if (known !== undefined || names.size >= most) return known;
  const name = `shop_${generation}_${names.size + 1}`;
  names.set(text, name);
  return name;
}

/**
 * A transaction whose `query` prepares each statement once on its connection: a write's statements took longer to parse and to
 * plan than to run. Gives the rows, of UPDATE and DELETE too.
 */
export async function prepared(tx: EntityManager): Promise<EntityManager> {
  const client = (await tx.queryRunner?.connect()) as pg.ClientBase | undefined;
  if (client === undefined) return tx;
  const query = async (text: string, values: unknown[] = []): Promise<unknown> => {
    const name = nameOf(text);
    return (await client.query<pg.QueryResultRow>({ ...(name === undefined ? {} : { name }), text, values }))
      .rows;
  };
  return Object.assign(tx, { query });
}
