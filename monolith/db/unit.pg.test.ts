import { afterAll, beforeAll, expect, test } from 'vitest';
import type { DataSource } from 'typeorm';
import { startCluster, type Cluster } from '#stack/clusters.ts';
import { createDataSource } from './data-source.ts';
import { row, rows } from './sql.ts';
import { unit } from './unit.ts';

let cluster: Cluster;
let db: DataSource;
beforeAll(async () => {
  cluster = await startCluster();
  db = createDataSource({ databaseUrl: await cluster.createDatabase('unit'), poolSize: 2, entities: [] });
  await db.initialize();
  await db.query('create table note (id int primary key, body text not null)');
});
afterAll(async () => {
  await db.destroy();
  await cluster.stop();
});

const write = (id: number) =>
  unit(db, (tx) => row(tx, 'insert into note (id, body) values ($1, $2) returning *', [id, `note ${id}`]));

test('statements are prepared once on a connection', async () => {
  await unit(db, async (tx) => {
    for (const id of [1, 2, 3]) await rows(tx, 'select body from note where id = $1', [id]);
    const seen = await row<{ n: number }>(
      tx,
      `select count(*)::int as n from pg_prepared_statements where statement like 'select body from note%'`,
    );
    expect(seen?.n).toBe(1);
  });
});

test('a column that is added while statements are prepared fails no unit of work', async () => {
  // Both connections of the pool have the statement.
  await Promise.all([write(1), write(2), write(3), write(4)]);
  await db.query(`alter table note add column mood text not null default 'calm'`);
  const written = await Promise.all([5, 6, 7, 8].map(write));
  expect(written.map((one) => one?.['mood' as never])).toEqual(['calm', 'calm', 'calm', 'calm']);
  expect(await rows(db, 'select id from note order by id')).toHaveLength(8);
});

test('a refused statement leaves nothing of its unit, and its error says which constraint', async () => {
  await expect(
    unit(db, async (tx) => {
      await rows(tx, 'update note set body = $1', ['changed']);
      await rows(tx, 'insert into note (id, body) values ($1, $2)', [1, 'again']);
    }),
  ).rejects.toMatchObject({ code: '23505', constraint: 'note_pkey' });
  expect(await rows(db, `select from note where body = 'changed'`)).toEqual([]);
});
