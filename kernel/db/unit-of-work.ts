import type pg from 'pg';
import { errorCodeOf } from '../errors.ts';
import { refuse } from '../http/refusal.ts';
import { isUnknown, notOwner, saysOurs, type Ownership } from './ownership.ts';
import { transactionBegunBy } from './pool.ts';
import { onConnection, renameStatements, staleStatement, type Sql } from './statements.ts';

export type Write = <T>(work: (sql: Sql) => Promise<T>) => Promise<T>;

const attempts = 4;

/**
 * One READ COMMITTED transaction for each unit of work that writes. Ownership is asked as it begins, in the same round
 * trip; the guard's MP001 means the same. Deadlocks, serialization failures and statements that a migration has made stale
 * changed nothing, so the work runs again as a whole.
 */
export function createWrite(pool: pg.Pool, ownership: Ownership): Write {
  return async (work) => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await transactionBegunBy(
          pool,
          (client) => begin(client, ownership),
          (client) => work(onConnection(client)),
        );
      } catch (error) {
        const code = errorCodeOf(error);
        if (code === 'MP001') throw notOwner(error);
        if (code === staleStatement && attempt < attempts) {
          renameStatements();
          continue;
        }
        if (code !== '40001' && code !== '40P01') throw error;
        if (attempt < attempts) continue;
        if (code === '40001') throw notOwner(error);
        throw refuse('unavailable', 'Too many writers want the same rows; try again.', { cause: error });
      }
    }
  };
}

async function begin(client: pg.PoolClient, { question }: Ownership): Promise<void> {
  // What a unit of work runs finds its rows by key: there is nothing to plan anew for other values.
  const open = 'begin isolation level read committed; set local plan_cache_mode = force_generic_plan';
  if (question === undefined) {
    await client.query(open);
    return;
  }
  let answers: pg.QueryResult[];
  try {
    // Several statements have several results, which pg's types do not know.
    answers = (await client.query(`${open}; ${question}`)) as unknown as pg.QueryResult[];
  } catch (error) {
    if (isUnknown(error)) throw notOwner(error);
    throw error;
  }
  if (!saysOurs(answers[2]?.rows ?? [])) throw notOwner();
}
