import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCluster, type Cluster } from '#stack/clusters.ts';
import { createPool } from './pool.ts';
import { rows } from './statements.ts';
import { createWrite, type Write } from './unit-of-work.ts';

let cluster: Cluster;
let pool: pg.Pool;
let write: Write;
beforeAll(async () => {
  cluster = await startCluster();
  pool = createPool({ url: await cluster.createDatabase('unit'), name: 'test', max: 2 });
  write = createWrite(pool, { question: undefined });
  await pool.query('create table note (id int primary key, size int not null)');
});
afterAll(async () => {
  await pool.end();
  await cluster.stop();
});

const add = (id: number) =>
  write(async (sql) => {
    const [row] = await rows<{ size: unknown }>(
      sql,
      'insert into note (id, size) values ($1, $2) returning size',
      [id, id * 10],
    );
    return row?.size;
  });

test('a type that a migration changes under prepared statements fails no write', async () => {
  await Promise.all([1, 2, 3, 4].map(add));
  await pool.query('alter table note alter size type bigint');
  // pg gives a bigint as text.
  expect(await Promise.all([5, 6, 7, 8].map(add))).toEqual(['50', '60', '70', '80']);
  expect((await pool.query('select from note')).rowCount).toBe(8);
});
