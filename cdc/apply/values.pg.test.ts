import { afterAll, beforeAll, expect, it } from 'vitest';
import { moveGroup, settle, startTestWorker, syncGroup, closeSynced } from '#test/cdc-fixture.ts';
import { startTwoSides, type TwoSides } from '#test/two-sides.ts';

let sides: TwoSides;
beforeAll(async () => {
  sides = await startTwoSides();
});
afterAll(() => sides.stop());

/** Column type to SQL literals that are easily damaged on the way. */
const values: Record<string, string[]> = {
  numeric: [`'NaN'`, `'Infinity'`, `'-Infinity'`, '1.500', `'-0.000000000000000000001'`, `'1e130'`],
  timestamptz: [
    `'infinity'`,
    `'-infinity'`,
    `'0044-03-15 12:00:00+00 BC'`,
    `'2024-02-29 23:59:59.999999+00'`,
  ],
  timestamp: [`'infinity'`, `'0001-01-01 00:00:00 BC'`],
  date: [`'-infinity'`, `'9999-12-31'`],
  time: [`'24:00:00'`],
  timetz: [`'23:59:59.5-08'`],
  interval: [`'1 mon -2 days 03:04:05.000006'`, `'-178000000 years'`],
  bigint: [`'9223372036854775807'`, `'-9223372036854775808'`, `'9007199254740993'`],
  'double precision': [`'NaN'`, `'-Infinity'`, `'1e-307'`, `'0.1'`, `'-0'`],
  real: ['3.4028235e38', '0.3'],
  bytea: [`'\\x'`, `'\\x00ff5c27'`],
  'text[]': [`'{NULL,"NULL","",a\\\\b,"x,y"}'`, `'[0:1]={a,b}'`, `'{{a,b},{c,NULL}}'`],
  'numeric[]': [`'{NaN,NULL,1.10}'`],
  jsonb: [`'{"b": 1, "a": [null, 1.10, 12345678901234567890]}'`, `'null'`],
  json: [`'{"b":1,  "a":2, "a":3}'`],
  uuid: [`'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'`],
  mood: [`'sad, very'`],
  amount: ['12.30'],
  int4range: [`'empty'`, `'[1,5)'`, `'(,3)'`],
  money: [`'-1234.56'`],
  text: [`''`, `'NULL'`, `'\\N'`, `'tab\tnewline\n quote'''`, `'ünï😀\u0301'`, `repeat('long', 50000)`],
  'character(5)': [`'ab'`],
  boolean: ['true'],
  inet: [`'10.0.0.1/8'`],
  xml: [`'<a b="1">&amp;</a>'`],
  point: [`'(1.5,-2)'`],
  'bit varying': [`B'0101'`],
  tsvector: [`'a:1 b:2'`],
};

const columns = Object.keys(values).map((type, i) => ({ name: `c${i}`, type, values: values[type] ?? [] }));
const kinds = `create type mood as enum ('ok', 'sad, very'); create domain amount as numeric(8, 2) check (value > 0);`;
const table = (name: string) =>
  `${kinds} create table ${name} (id integer primary key, ${columns.map((c) => `${c.name} ${c.type}`).join(', ')});`;

/** Every value once in its column, the others NULL; and a row of nothing but NULLs. */
const rows = [
  'insert into %t (id) values (0)',
  ...columns.flatMap((column, c) =>
    column.values.map(
      (value, v) =>
        `insert into %t (id, ${column.name}) values (${1 + c * 10 + v}, ${value}::${column.type})`,
    ),
  ),
];

it('carries every type exactly, in both directions', async () => {
  const same = Object.fromEntries(['id', ...columns.map((c) => c.name)].map((name) => [name, name]));
  const pair = await sides.pair({
    guard: true,
    legacySql: table('old'),
    serviceSql: table('fresh'),
    tables: [{ legacy: 'old', service: 'fresh', forward: same, reverse: same }],
  });
  const worker = await startTestWorker(pair);
  try {
    await syncGroup(pair);
    await pair.legacyApp.query(rows.join(';\n').replaceAll('%t', 'old'));
    await settle(pair, 'forward');
    const text = (name: string) => `select id, r::text as row from ${name} r order by id`;
    const source = await pair.legacyPool.query(text('old'));
    expect(source.rowCount).toBe(rows.length);
    expect((await pair.servicePool.query(text('fresh'))).rows).toEqual(source.rows);

    await moveGroup(pair, 'service');
    await pair.serviceApp.query('delete from fresh');
    await settle(pair, 'reverse');
    expect((await pair.legacyPool.query('select from old')).rowCount).toBe(0);
    await pair.serviceApp.query(rows.join(';\n').replaceAll('%t', 'fresh'));
    await settle(pair, 'reverse');
    expect((await pair.legacyPool.query(text('old'))).rows).toEqual(source.rows);
  } finally {
    await worker.stop();
    await closeSynced(pair);
  }
});
