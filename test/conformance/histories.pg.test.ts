import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { settle, startTestWorker, syncGroup, closeSynced } from '#test/cdc-fixture.ts';
import { type Pair, type TwoSides } from '#test/two-sides.ts';
import type { Worker } from '#cdc/worker/worker.ts';
import { defaultLimits, type BatchLimits } from '#cdc/apply/batch-limits.ts';
import { onEachTransport } from '#test/transports.ts';

onEachTransport(({ start }) => {
  let sides: TwoSides;

  beforeAll(async () => {
    sides = await start();
  });
  afterAll(() => sides.stop());

  const tables = [
    {
      legacy: 'item',
      service: 'thing',
      forward: { id: 'id', label: 'upper(name)', code: 'code', doc: 'doc' },
      reverse: { id: 'id', name: 'lower(label)', code: 'code', doc: 'doc' },
    },
  ];
  const legacySql = `create table item (id bigint primary key, name text, code text unique, doc text);
  alter table item alter doc set storage external;`;
  const serviceSql = `create table thing (id bigint primary key, label text, code text unique, doc text, kept text not null default 'fresh');
  alter table thing alter doc set storage external;`;

  /** What a history does; ids are taken modulo the rows that are there, so that most steps hit something. */
  type Step =
    | { do: 'insert'; id: number; name: string }
    | { do: 'rename'; id: number; name: string }
    | { do: 'redoc'; id: number; doc: string }
    | { do: 'swap'; id: number; other: number }
    | { do: 'rekey'; id: number; to: number }
    | { do: 'delete'; id: number }
    | { do: 'truncate' }
    | { do: 'commit' };

  const id = fc.integer({ min: 1, max: 5 });
  const name = fc.constantFrom('a', 'b', 'ö', '', 'x y');
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constant('insert' as const), id, name }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('rename' as const), id, name }) },
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constant('redoc' as const), id, doc: fc.constantFrom('p', 'q') }),
    },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('swap' as const), id, other: id }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('rekey' as const), id, to: id }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('delete' as const), id }) },
    { weight: 1, arbitrary: fc.constant({ do: 'truncate' as const }) },
    { weight: 1, arbitrary: fc.constant({ do: 'commit' as const }) },
  );

  /** Statements of a history, and what the unmapped column must say about each row at its end. */
  function play(steps: readonly Step[], kept: Map<number, string>): string[] {
    const sql: string[] = ['begin'];
    for (const s of steps) {
      if (s.do === 'insert' && !kept.has(s.id)) {
        kept.set(s.id, 'fresh');
        sql.push(
          `insert into item values (${s.id}, '${s.name}', 'c${s.id}.' || gen_random_uuid(), repeat('d', 9000))`,
        );
      } else if (s.do === 'rename') sql.push(`update item set name = '${s.name}' where id = ${s.id}`);
      else if (s.do === 'redoc')
        sql.push(`update item set doc = repeat('${s.doc}', 9000) where id = ${s.id}`);
      else if (s.do === 'swap' && s.id !== s.other && kept.has(s.id) && kept.has(s.other)) {
        // Three statements, because the unique index is checked row by row; merged they are an exchange.
        sql.push(
          `create temp table held on commit drop as select id, code from item where id in (${s.id}, ${s.other})`,
          `update item set code = null where id = ${s.id}`,
          `update item set code = (select code from held where id = ${s.id}) where id = ${s.other}`,
          `update item set code = (select code from held where id = ${s.other}) where id = ${s.id}`,
          'drop table held',
        );
      } else if (s.do === 'rekey' && kept.has(s.id) && !kept.has(s.to)) {
        kept.set(s.to, kept.get(s.id) ?? '');
        kept.delete(s.id);
        sql.push(`update item set id = ${s.to}, name = 'moved' where id = ${s.id}`);
      } else if (s.do === 'delete') {
        kept.delete(s.id);
        sql.push(`delete from item where id = ${s.id}`);
      } else if (s.do === 'truncate') {
        kept.clear();
        sql.push('truncate item');
      } else if (s.do === 'commit') sql.push('commit', 'begin');
    }
    return [...sql, 'commit'];
  }

  async function sameEnd(pair: Pair, kept: ReadonlyMap<number, string>): Promise<void> {
    await settle(pair, 'forward');
    const source = await pair.legacyPool.query(
      `select id, upper(name) as label, code, md5(doc) as doc from item order by id`,
    );
    const target = await pair.servicePool.query(
      `select id, label, code, md5(doc) as doc, kept from thing order by id`,
    );
    expect(target.rows.map(({ kept: _, ...row }) => row)).toEqual(source.rows);
    expect(target.rows.map((row) => [Number(row.id), row.kept])).toEqual(
      [...kept].sort((a, b) => a[0] - b[0]),
    );
  }

  /** Marks the unmapped column of all rows, as a service that has written it before would find it. */
  async function markKept(pair: Pair, kept: Map<number, string>): Promise<void> {
    const client = await pair.servicePool.connect();
    try {
      await client.query('set session_replication_role = replica');
      await client.query(`update thing set kept = 'old ' || id`);
    } finally {
      client.release(true);
    }
    for (const key of kept.keys()) kept.set(key, `old ${key}`);
  }

  async function holds(limits: BatchLimits | undefined, numRuns: number): Promise<void> {
    const pair = await sides.pair({ guard: true, legacySql, serviceSql, tables });
    let worker: Worker | undefined;
    try {
      worker = await startTestWorker(pair, limits);
      await syncGroup(pair);
      const kept = new Map<number, string>();
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60, size: 'max' }), async (steps) => {
          await markKept(pair, kept);
          await pair.legacyApp.query(play(steps, kept).join(';\n'));
          await sameEnd(pair, kept);
        }),
        { numRuns, endOnFailure: true },
      );
    } finally {
      await worker?.stop();
      await closeSynced(pair);
    }
  }

  describe('any history of inserts, updates, exchanges, key changes, deletes and truncations', () => {
    it('ends in the same rows when merged into batches, unmapped columns included', () =>
      holds(undefined, 60));

    it('ends in the same rows when transactions are split at any change', () =>
      holds({ ...defaultLimits, rows: 2, changes: 3 }, 40));
  });
});
