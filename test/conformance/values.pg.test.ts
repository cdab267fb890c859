import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ident } from '#kernel/db/sql.ts';
import { preflight } from '#preflight/preflight.ts';
import { moveGroup, settle, startTestWorker, syncGroup, closeSynced } from '#test/cdc-fixture.ts';
import type { TwoSides } from '#test/two-sides.ts';
import { onEachTransport } from '#test/transports.ts';
import { kinds, samples } from './value-samples.ts';

onEachTransport(({ transport, start }) => {
  let sides: TwoSides;
  beforeAll(async () => {
    sides = await start();
  });
  afterAll(() => sides.stop());

  const carried = samples
    .filter((sample) => transport === 'direct' || !sample.refused)
    .map((sample, i) => ({
      name: `c${i}`,
      type: sample.type,
      values: [...sample.values, ...(transport === 'direct' ? (sample.blind ?? []) : [])],
    }));

  const table = (name: string, columns: readonly { name: string; type: string }[]) =>
    `${kinds} create table ${name} (id integer primary key, ${columns.map((c) => `${c.name} ${c.type}`).join(', ')});`;

  const mapping = (columns: readonly { name: string }[]) => {
    const same = Object.fromEntries(['id', ...columns.map((c) => c.name)].map((name) => [name, name]));
    return [{ legacy: 'old', service: 'fresh', forward: same, reverse: same }];
  };

  /** Every value once in its column, the others NULL; and a row of nothing but NULLs. */
  const rows = [
    'insert into %t (id) values (0)',
    ...carried.flatMap((column, c) =>
      column.values.map(
        (value, v) =>
          `insert into %t (id, ${column.name}) values (${1 + c * 10 + v}, ${value}::${column.type})`,
      ),
    ),
  ];

  it('carries every type exactly, in both directions', async () => {
    const pair = await sides.pair({
      guard: true,
      legacySql: table('old', carried),
      serviceSql: table('fresh', carried),
      tables: mapping(carried),
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

  it('keeps what an update did not touch, of every type that may be stored apart', async () => {
    const large = [
      ['text', `repeat('x', 9000)`],
      ['character varying', `repeat('x', 9000)`],
      ['bytea', `decode(repeat('ab', 9000), 'hex')`],
      ['jsonb', `to_jsonb(repeat('y', 9000))`],
      ['json', `to_json(repeat('y', 9000))`],
      ['xml', `xmlparse(content '<a>' || repeat('w', 9000) || '</a>')`],
      ['numeric', `repeat('9', 20000)::numeric`],
      ['text[]', `(select array_agg('e' || g) from generate_series(1, 3000) g)`],
      ['character varying[]', `(select array_agg('e' || g) from generate_series(1, 3000) g)`],
      ['integer[]', `(select array_agg(g) from generate_series(1, 3000) g)`],
      ['bigint[]', `(select array_agg(g::int8) from generate_series(1, 3000) g)`],
      ['uuid[]', `(select array_agg(gen_random_uuid()) from generate_series(1, 3000) g)`],
      ['jsonb[]', `(select array_agg(to_jsonb(g)) from generate_series(1, 3000) g)`],
      ['json[]', `(select array_agg(to_json(g)) from generate_series(1, 3000) g)`],
      ['character(3)[]', `(select array_agg('a'::char(3)) from generate_series(1, 3000) g)`],
      ['hstore', `(select hstore(array_agg('k' || g), array_agg('v' || g)) from generate_series(1, 3000) g)`],
      [
        'tsvector',
        `(select to_tsvector('simple', string_agg('lex' || g, ' ')) from generate_series(1, 3000) g)`,
      ],
      ['pair', `(1, repeat('c', 9000))::pair`],
      ['citext', `repeat('C', 9000)::citext`],
      ['int4multirange', `(select range_agg(int4range(g * 10, g * 10 + 5)) from generate_series(1, 3000) g)`],
      ['numrange', `('[' || repeat('1', 9000) || ',)')::numrange`],
      [
        'polygon',
        `(select ('(' || string_agg('(' || g || ',1)', ',') || ')')::polygon from generate_series(1, 1000) g)`,
      ],
    ]
      .filter(([type]) => transport === 'direct' || type !== 'polygon')
      .map(([type = '', value = ''], i) => ({ name: `c${i}`, type, value }));
    const external = (name: string) =>
      large.map((c) => `alter table ${name} alter ${c.name} set storage external;`).join('\n');
    const pair = await sides.pair({
      guard: true,
      legacySql: `${table('old', [{ name: 'n', type: 'integer' }, ...large])} ${external('old')}`,
      serviceSql: table('fresh', [{ name: 'n', type: 'integer' }, ...large]),
      tables: mapping([{ name: 'n' }, ...large]),
    });
    const worker = await startTestWorker(pair);
    try {
      await syncGroup(pair);
      await pair.legacyApp.query(`insert into old select 1, 1, ${large.map((c) => c.value).join(', ')}`);
      // In a transaction of its own: otherwise the merge would have both images.
      await settle(pair, 'forward');
      await pair.legacyApp.query('update old set n = 2');
      await settle(pair, 'forward');
      await pair.legacyApp.query('update old set id = 5, n = 3');
      await settle(pair, 'forward');
      const text = (name: string) => `select md5(r::text) as row, n from ${name} r`;
      const source = await pair.legacyPool.query(text('old'));
      expect((await pair.servicePool.query(text('fresh'))).rows).toEqual(source.rows);
    } finally {
      await worker.stop();
      await closeSynced(pair);
    }
  });

  it('refuses by name, before anything changes, the columns it would not carry exactly', async () => {
    const columns = samples.map((sample, i) => ({ ...sample, name: `c${i}` }));
    const pair = await sides.pair({
      legacySql: table('old', columns),
      serviceSql: table('fresh', columns),
      tables: mapping(columns),
    });
    const findings = async () =>
      (await preflight(pair.plan, pair.group, { legacy: pair.legacyPool, service: pair.servicePool })).filter(
        (finding) => finding.message.includes('exactly'),
      );
    const named = new Set((await findings()).map((finding) => finding.where));
    const expected = transport === 'direct' ? [] : columns.filter((column) => column.refused || column.blind);
    expect([...named].sort()).toEqual(
      expected
        .flatMap((c) =>
          [`public.${c.name}`, `public.${c.name}`].map((_, i) => `public.${i ? 'fresh' : 'old'}.${c.name}`),
        )
        .sort(),
    );
    // What a constraint keeps out is carried: each finding has the statement.
    for (const { side, mend } of await findings()) {
      if (!mend.startsWith('ALTER')) continue;
      await (side === 'legacy' ? pair.legacyApp : pair.serviceApp).query(mend);
    }
    const left = new Set((await findings()).map((finding) => finding.where.split('.').at(-1)));
    expect([...left].sort()).toEqual(
      expected
        .filter((column) => column.refused)
        .map((column) => column.name)
        .sort(),
    );
    await pair.close();
  });
});

it('is what the page of value types says', () => {
  const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'value-types.md'), 'utf8');
  for (const { type, refused, blind } of samples) {
    const line = page.split('\n').find((row) => row.startsWith('|') && row.includes(`\`${type}\``));
    expect(line, `${ident(type)} has a line`).toBeDefined();
    const says = line?.split('|').at(-2)?.trim() ?? '';
    expect([type, says.split(/[ ,;:]/)[0]]).toEqual([type, refused ? 'refused' : blind ? 'exact' : 'exact']);
    expect([type, says.includes('CHECK')]).toEqual([type, blind !== undefined]);
  }
});
