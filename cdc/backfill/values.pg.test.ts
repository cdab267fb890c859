import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyJob } from '#cdc/verify/verify.ts';
import { preflight } from '#preflight/preflight.ts';
import { jobContext, startTwoSides, type TwoSides } from '#test/two-sides.ts';
import { copyFormat } from './export-select.ts';
import { backfillGroup } from './backfill-group.ts';

let sides: TwoSides;
beforeAll(async () => {
  sides = await startTwoSides();
});
afterAll(() => sides.stop());

/** Column type, and values that a careless copy changes. */
const values: Record<string, string[]> = {
  numeric: ["'NaN'", "'Infinity'", "'-Infinity'", '12345678901234567890.12345678901234567890', '0.000'],
  'numeric(6,2)': ["'NaN'", '-9999.99'],
  float8: ["'NaN'", "'-Infinity'", '0.1', '1e-320', "'-0'"],
  float4: ['0.1', '3.4e38'],
  int8: ['9007199254740993', '-9223372036854775808'],
  timestamptz: [
    "'infinity'",
    "'-infinity'",
    "'0044-03-15 12:00:00.000001+00 BC'",
    "'2026-03-29 01:30:00.123456+01'",
  ],
  timestamp: ["'infinity'", "'294276-12-31 23:59:59.999999'"],
  date: ["'infinity'", "'4713-01-01 BC'"],
  time: ["'24:00:00'", "'23:59:59.999999'"],
  timetz: ["'12:00:00+05:45'"],
  interval: ["'1 year 2 mons -3 days 04:05:06.7'", "'-1 mons +1 day'"],
  bytea: ["'\\x00ff0a5c'", "''"],
  text: ["''", "E'tab\\there\\nline\\\\N'", "'Grüße 😀 \u{ffff}'", "'null'"],
  'varchar(5)': ["'ab   '"],
  'char(5)': ["'ab'"],
  uuid: ["'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'"],
  jsonb: [`'{"b": 1, "a": [1.10, null, "\\u00e9"], "b": 2}'`, "'null'", '\'"x"\''],
  json: [`'{"b": 1,  "a":2, "b": 3}'`],
  'text[]': ["array['a', null, '', 'NULL', 'a,b', '{']", "'{}'", "'[2:3]={x,y}'"],
  'int[]': ['array[[1,2],[3,null]]'],
  'numeric[]': ["array['NaN', 1.50]::numeric[]"],
  int4range: ["'[1,10)'", "'empty'", "'(,5]'"],
  tstzmultirange: ["'{[2026-01-01 00:00+00, infinity]}'"],
  money: ["'-12.34'"],
  inet: ["'10.0.0.1/8'"],
  'bit(3)': ["'101'"],
  mood: ["'sad'", "'O''Hara'"],
  'mood[]': ["array['sad', null]::mood[]"],
  positive: ['5'],
  pair: ['row(1, \'a "b"\')'],
  bool: ['true', 'false'],
  xml: ['\'<a b="1">&amp;</a>\''],
  tsvector: ["'''a'':1A b:2'"],
  macaddr: ["'08:00:2b:01:02:03'"],
  point: ["'(1.5,-2)'"],
};

describe('values', () => {
  const local = ['mood', 'mood[]', 'positive', 'pair'];
  const all = Object.keys(values);
  it.each([
    ['binary', all.filter((type) => !local.includes(type))],
    ['text', all],
  ] as const)(
    'arrive exactly as they are by %s copy, NULL beside them, and compare equal',
    async (format, types) => {
      const ddl = (extra: string) => `
      create type mood as enum ('sad', 'O''Hara'); create domain positive as int check (value > 0);
      create type pair as (n int, label text);
      create table ${extra} (id int primary key, ${types.map((type, at) => `v${at} ${type}`).join(', ')});`;
      const same = Object.fromEntries(['id', ...types.map((_, at) => `v${at}`)].map((name) => [name, name]));
      const pair = await sides.pair({
        legacySql: ddl('old'),
        // Other oids for the same types.
        serviceSql: `create type other as enum ('x'); create table t0 (x other); ${ddl('new')}`,
        tables: [{ legacy: 'old', service: 'new', forward: same, reverse: same }],
      });
      let id = 0;
      for (const [at, type] of types.entries()) {
        for (const value of values[type] ?? []) {
          await pair.legacyApp.query(`insert into old (id, v${at}) values (${++id}, (${value})::${type})`);
        }
      }
      expect(
        (
          await preflight(pair.plan, pair.group, { legacy: pair.legacyPool, service: pair.servicePool })
        ).filter((finding) => finding.level === 'refuse'),
      ).toEqual([]);
      const { installGuard } = await import('#guard/install.ts');
      await installGuard(pair.legacyPool, pair.group, 'legacy', 'legacy', 1n);
      await installGuard(pair.servicePool, pair.group, 'service', 'legacy', 1n);
      const ctx = await jobContext(pair);
      expect(ctx.flows.forward.map(copyFormat)).toEqual([format]);
      await backfillGroup(ctx);
      const list = types.map((_, at) => `v${at}::text`).join(', ');
      const rows = async (pool: typeof pair.legacyPool, table: string) =>
        (await pool.query({ text: `select id, ${list} from ${table} order by id`, rowMode: 'array' })).rows;
      const copied = await rows(pair.servicePool, 'new');
      expect(copied).toHaveLength(id);
      expect(copied).toEqual(await rows(pair.legacyPool, 'old'));
      for (const direction of ['forward', 'reverse']) {
        expect(await verifyJob(await jobContext(pair, { direction }))).toMatchObject({
          verifications: [{ state: 'clean', rows: id }],
        });
      }
      await pair.close();
    },
  );
});
