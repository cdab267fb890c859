import { describe, expect, it } from 'vitest';
import { checkConfig } from './check-config.ts';
import type { GroupConfig, StranglerConfig } from './config.ts';

const group: GroupConfig = {
  service: 'shop',
  routes: ['GET /items/:id', 'POST /items'],
  tables: [
    {
      legacy: 'item',
      service: 'items',
      key: { legacy: ['item_id'], service: ['id'] },
      forward: { id: 'item_id' },
      reverse: { item_id: 'id' },
    },
  ],
};

const config: StranglerConfig = {
  control: { url: 'postgres://control/db' },
  secret: 'a secret of thirty-two characters or more',
  monolith: { url: 'http://monolith', database: 'postgres://legacy/db' },
  services: { shop: { url: 'http://shop', database: 'postgres://shop/db' } },
  groups: { items: group },
};

const withGroup = (change: Partial<GroupConfig>) => ({
  ...config,
  groups: { items: { ...group, ...change } },
});
const withTable = (change: object) => withGroup({ tables: [{ ...group.tables[0]!, ...change }] });

/** `path: message` of each problem. */
const problemsOf = (value: unknown) =>
  checkConfig(value).problems.map((p) => `${p.path.join('.')}: ${p.message}`);

describe('checkConfig', () => {
  it('accepts a whole configuration', () => {
    expect(problemsOf(config)).toEqual([]);
  });

  it.each<[string, unknown, RegExp]>([
    ['nothing exported', undefined, /defineStrangler/],
    ['a missing part', { ...config, monolith: undefined }, /^monolith: /],
    ['a short secret', { ...config, secret: 'short' }, /^secret: /],
    ['a field nobody knows', { ...config, colour: 'red' }, /^colour: is not a field/],
    [
      'a database that is no URL',
      { ...config, monolith: { url: 'http://m', database: 'nowhere' } },
      /^monolith\.database: /,
    ],
    [
      'a service that is not there',
      withGroup({ service: 'other' }),
      /^groups\.items\.service: services has no "other"/,
    ],
    [
      'the same route twice',
      withGroup({ routes: ['GET /a/:id', 'GET /a/:name'] }),
      /^groups\.items\.routes\.1: .*overlaps "GET \/a\/:id/,
    ],
    ['a route of all methods over another', withGroup({ routes: ['GET /a', '* /a'] }), /overlaps/],
    ['a route without a method', withGroup({ routes: ['/a'] }), /is not METHOD \/path/],
    ['a missing reverse', withTable({ reverse: undefined }), /^groups\.items\.tables\.0\.reverse: /],
    ['an empty reverse', withTable({ reverse: {} }), /reverse: maps no column/],
    ['an unmapped key', withTable({ forward: { name: 'item_nm' } }), /the key column "id" is not mapped/],
    [
      'keys of different lengths',
      withTable({ key: { legacy: ['a', 'b'], service: ['id'] } }),
      /same number of key columns/,
    ],
    [
      'a writer that is no group',
      withGroup({ writers: ['nobody'] }),
      /^groups\.items\.writers\.0: there is no group/,
    ],
    [
      'tokens without auth',
      withGroup({ routes: [{ route: 'GET /a', scopes: ['read'] }] }),
      /`auth` is not set/,
    ],
    [
      'two tables into one without an anchor',
      withGroup({ tables: [group.tables[0]!, { ...group.tables[0]!, legacy: 'item_text' }] }),
      /exactly one of them needs anchor/,
    ],
  ])('refuses %s', (_what, value, message) => {
    expect(problemsOf(value).some((problem) => message.test(problem))).toBe(true);
  });

  it('refuses a table in two groups', () => {
    const other = { ...group, routes: ['GET /others'] };
    expect(problemsOf({ ...config, groups: { items: group, others: other } })).toContainEqual(
      expect.stringContaining('public.item is already in group items'),
    );
  });

  it('refuses a route that another group has', () => {
    const other: GroupConfig = { ...group, tables: [{ ...group.tables[0]!, legacy: 'x', service: 'y' }] };
    expect(problemsOf({ ...config, groups: { items: group, others: other } })).toContainEqual(
      expect.stringContaining('overlaps'),
    );
  });
});
