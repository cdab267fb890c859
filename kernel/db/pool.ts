import pg from 'pg';
import { errorCodeOf, MatapaloError } from '../errors.ts';
import type { Log } from '../log.ts';

export type Queryable = Pick<pg.ClientBase, 'query'>;

export interface PoolOptions {
  url: string;
  name: string;
  max?: number;
  log?: Log;
  /** Run on each new connection before anything else. */
  settings?: Record<string, string>;
}

/**
 * A pool whose idle connections may die without ending the process.
 * int8 and numeric arrive as text, as pg gives them: nothing is rounded.
 */
export function createPool({ url, name, max = 8, log, settings = {} }: PoolOptions): pg.Pool {
  const options = Object.entries(settings)
    .map(([key, value]) => `-c ${key}=${value.replaceAll('\\', '\\\\').replaceAll(' ', '\\ ')}`)
    .join(' ');
  const pool = new pg.Pool({
    connectionString: url,
    application_name: name,
    max,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    ...(options === '' ? {} : { options }),
  });
  pool.on('error', (error) => log?.warn({ err: error, pool: name }, 'an idle database connection broke'));
  return pool;
}

export type Isolation = 'read committed' | 'repeatable read' | 'serializable';

/** One transaction on one connection; rolled back when `work` throws. A broken connection is not given back. */
export function transaction<T>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<T>,
  isolation: Isolation = 'read committed',
): Promise<T> {
  return transactionBegunBy(pool, (client) => client.query(`begin isolation level ${isolation}`), work);
}

/** The same for a caller that has more to ask in the round trip of its BEGIN. */
export function transactionBegunBy<T>(
  pool: pg.Pool,
  begin: (client: pg.PoolClient) => Promise<unknown>,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  return borrow(pool, async (client, broke) => {
    try {
      await begin(client);
      const result = await work(client);
      await client.query('commit');
      return result;
    } catch (error) {
      await client.query('rollback').catch(broke);
      throw error;
    }
  });
}

/** Runs `work` on one connection of the pool. One that breaks meanwhile, or of which `work` says so, is not given back. */
export async function borrow<T>(
  pool: pg.Pool,
  work: (client: pg.PoolClient, broke: (error: Error) => void) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  // A connection that breaks says so as an event, too: without a listener the process would end.
  const onError = (error: Error) => {
    broken ??= error;
  };
  client.on('error', onError);
  try {
    return await work(client, onError);
  } finally {
    client.release(broken);
    client.off('error', onError);
  }
}

/** True for failures where the server or the network went away, so that the same work may be tried again. */
export function isConnectionError(error: unknown): boolean {
  const code = errorCodeOf(error);
  if (code !== undefined) {
    return (
      /^(08|57P0[123]|53300)/.test(code) ||
      /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EHOSTUNREACH|EAI_AGAIN)$/.test(code)
    );
  }
  return (
    error instanceof Error &&
    /Connection terminated|connection timeout|timeout exceeded|not queryable|Client has encountered/i.test(
      error.message,
    )
  );
}

/** Wraps a connection failure so that a person learns which database it was. */
export function unreachable(what: string, error: unknown): MatapaloError {
  return new MatapaloError(
    'unreachable',
    `${what} cannot be reached: ${error instanceof Error ? error.message : String(error)}`,
    {
      hint: 'Check its address, and that it is running.',
      cause: error,
    },
  );
}
