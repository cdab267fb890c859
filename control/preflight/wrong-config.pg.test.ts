import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TableConfig } from '#plan/config.ts';
import {
  exampleLegacySql,
  exampleRows,
  exampleServiceSql,
  exampleTables,
  startTwoSides,
  type Pair,
  type TwoSides,
} from '#test/two-sides.ts';
import type { Finding } from './finding.ts';
import { preflight } from './preflight.ts';

let sides: TwoSides;
beforeAll(async () => {
  sides = await startTwoSides();
});
afterAll(() => sides.stop());

const check = (pair: Pair) =>
  preflight(pair.plan, pair.group, { legacy: pair.legacyPool, service: pair.servicePool });
const refusals = (findings: Finding[]) => findings.filter((finding) => finding.level === 'refuse');

/** The example's first entry with some expressions changed. */
function withExpressions(change: Partial<Pick<TableConfig, 'forward' | 'reverse'>>): TableConfig[] {
  const [prod, tags] = exampleTables;
  if (prod === undefined || tags === undefined) throw new Error('the example has two entries');
  return [
    {
      ...prod,
      forward: { ...prod.forward, ...change.forward },
      reverse: { ...prod.reverse, ...change.reverse },
    },
    tags,
  ];
}

/** The config is to be changed: the path says where. */
const wrongMappings: Record<string, { says: RegExp; path: string; tables: TableConfig[] }> = {
  'an unknown target column': {
    tables: withExpressions({ forward: { colour: 'note' } }),
    path: '0.forward.colour',
    says: /no column "colour"/,
  },
  'an unknown source column': {
    tables: withExpressions({ forward: { note: 'remark' } }),
    path: '0.forward.note',
    says: /cannot be computed/,
  },
  'a function that depends on the clock': {
    tables: withExpressions({ forward: { updated_at: 'now()' } }),
    path: '0.forward.updated_at',
    says: /does not depend on its row alone/,
  },
  'a subquery': {
    tables: withExpressions({ forward: { note: '(select max(tag) from prod_tag)' } }),
    path: '0.forward.note',
    says: /does not depend on its row alone/,
  },
  'a session setting': {
    tables: withExpressions({ forward: { note: "to_char(upd_at, 'YYYY')" } }),
    path: '0.forward.note',
    says: /does not depend on its row alone/,
  },
  'a type that does not fit': {
    tables: withExpressions({ forward: { price: "replace(cd, 'P', 'x')" } }),
    path: '0.forward.price',
    says: /does not fit numeric/,
  },
  'a null for NOT NULL': {
    tables: withExpressions({ forward: { last_name: 'note' } }),
    path: '0.forward.last_name',
    says: /is null for a real row/,
  },
  'a way back that loses cents': {
    tables: withExpressions({ reverse: { price_cents: 'floor(price)::bigint' } }),
    path: '0.reverse.price_cents',
    says: /not lossless/,
  },
  'a key that is not injective': {
    tables: withExpressions({ forward: { id: 'prod_id / 2' }, reverse: { prod_id: 'id' } }),
    path: '0.key',
    says: /would become one/,
  },
  'a type that only one server has': {
    tables: withExpressions({
      forward: { status: "case state when 'A'::prod_state then 'active' else 'archived' end" },
    }),
    path: '0.forward.status',
    says: /on the target's server/,
  },
};

describe('what the config must mend', () => {
  for (const [name, fixture] of Object.entries(wrongMappings)) {
    it(`${name}: is refused, and the field named`, async () => {
      const pair = await sides.pair({ control: false, tables: fixture.tables });
      await pair.legacyApp.query(exampleRows(20));
      const found = refusals(await check(pair)).filter((finding) => fixture.says.test(finding.message));
      expect(found.map((finding) => finding.path?.join('.'))).toContain(
        `groups.${pair.group.name}.tables.${fixture.path}`,
      );
      await pair.close();
    });
  }

  it('a NOT NULL column without a default that nothing maps', async () => {
    const pair = await sides.pair({
      control: false,
      serviceSql: exampleServiceSql.replace('note text,', 'note text, weight integer not null,'),
    });
    expect(refusals(await check(pair)).map((finding) => finding.message)).toContainEqual(
      expect.stringMatching(/"weight" is NOT NULL/),
    );
    await pair.close();
  });

  it('a missing table', async () => {
    const pair = await sides.pair({
      control: false,
      legacySql: exampleLegacySql.replace('create table prod_tag', 'create table other'),
    });
    expect(refusals(await check(pair)).map((finding) => finding.path?.slice(-2))).toEqual([['1', 'legacy']]);
    await pair.close();
  });
});
