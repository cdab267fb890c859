import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { installGuard } from '#guard/install.ts';
import { createLog } from '#kernel/log.ts';
import { createPool } from '#kernel/db/pool.ts';
import { startCluster, type Cluster } from '#stack/clusters.ts';
import { catalogueGroup } from '../../test/contract/carry-rows.ts';
import { createRehearsal } from './rehearse.ts';
import { poolOf } from '#kernel/db/service-database.ts';
import { createDataSource } from './store/data-source.ts';
import { meetTables, onStandIns } from './store/stand-ins.ts';

const connections = 3;
const log = createLog('test');
let cluster: Cluster;
let url: string;
let source: DataSource;

async function open(address: string): Promise<DataSource> {
  const opened = createDataSource({ url: address, poolSize: connections });
  return opened.initialize();
}

/** All that a write of the real tables would leave behind. */
async function traces(): Promise<unknown> {
  const { rows } = await cluster.query(
    `select relname, pg_relation_size(oid)::int as bytes,
            case relkind when 'S' then (pg_sequence_last_value(oid))::int end as value
       from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'S')
        and relname <> 'catalogue_migrations' order by relname`,
    'catalogue',
  );
  return rows;
}

beforeAll(async () => {
  cluster = await startCluster();
  url = await cluster.createDatabase('catalogue');
  source = await open(url);
  await source.runMigrations();
});
afterAll(async () => {
  await source?.destroy();
  await cluster?.stop();
});

describe('a rehearsal', () => {
  test('plays every write, and leaves no row, page, number or table behind', async () => {
    const before = await traces();
    const rehearsal = createRehearsal(source, connections, log);
    // In slices of hardly any time: each plays something, so that it ends all the same.
    while (!(await rehearsal.play(1)));
    expect(await traces()).toEqual(before);
    const { rows } = await cluster.query(`select from pg_class where relpersistence = 't'`, 'catalogue');
    expect(rows).toEqual([]);
  });

  test('is possible while the guard lets nobody write; each connection meets it and plans its statements', async () => {
    const pool = createPool({ url, name: 'test' });
    await installGuard(pool, catalogueGroup, 'service', 'legacy', 1n);
    await pool.end();
    const before = await traces();
    await createRehearsal(source, connections, log).play(1);
    await meetTables(poolOf(source), connections);
    expect(await traces()).toEqual(before);
    const planned = await Promise.all(
      Array.from({ length: connections }, () =>
        poolOf(source).query<{ missing: number; all: number }>(
          `select count(*) filter (where generic_plans = 0)::int as missing, count(*)::int as all
             from pg_prepared_statements where starts_with(name, 'statement_')`,
        ),
      ),
    );
    for (const { rows } of planned) {
      expect(rows[0]?.all).toBeGreaterThan(5);
      expect(rows[0]?.missing).toBe(0);
    }
  });

  test('does not begin where its stand-ins would not hide the real tables', async () => {
    const odd = await open(`${url}?options=-c%20search_path%3Dpublic,pg_temp`);
    try {
      let ran = false;
      await expect(
        onStandIns(poolOf(odd), async () => {
          ran = true;
        }),
      ).rejects.toThrow('search_path');
      expect(ran).toBe(false);
    } finally {
      await odd.destroy();
    }
  });
});
