import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCluster, type Cluster } from '#stack/clusters.ts';
import { createPool, isConnectionError, transaction } from './pool.ts';

let cluster: Cluster;

beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster?.stop());

test('a connection that dies in a transaction fails its work, is not given back, and leaves the process alive', async () => {
  const pool = createPool({ url: cluster.url(), name: 'test', max: 1 });
  try {
    const pidOf = async (db: { query: typeof pool.query }) =>
      (await db.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0]?.pid;
    let first: number | undefined;
    const failure = await transaction(pool, async (client) => {
      first = await pidOf(client);
      const gone = new Promise((resolve) => client.once('end', resolve));
      await cluster.query(`select pg_terminate_backend(${first})`);
      await gone;
      await client.query('select 1');
    }).catch((error: unknown) => error);
    expect(isConnectionError(failure)).toBe(true);
    expect(await pidOf(pool)).not.toBe(first);
  } finally {
    await pool.end();
  }
});
