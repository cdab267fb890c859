import fc from 'fast-check';
import { expect, test } from 'vitest';
import { phases } from '#plan/phase.ts';
import { planOf } from '../testing/plan.ts';
import { createMatcher } from './matcher.ts';
import { buildTable } from './table.ts';

const plan = planOf({
  routes: ['GET /items', 'POST /items', 'GET /items/:id', { route: '* /all/*', auth: 'pass' }],
  writers: ['orders'],
  others: { orders: { routes: ['POST /orders'] } },
});
const matcher = createMatcher(plan);
const state = (name: string, change = {}) => ({
  name,
  phase: 'legacy' as const,
  epoch: 0n,
  canaryPercent: 0,
  holding: undefined,
  stopped: undefined,
  ...change,
});

test.each([
  ['GET', '/items', false],
  ['POST', '/items', true],
  ['GET', '/items/17', false],
  ['GET', '/ITEMS/17', false],
  ['GET', '/items/17/', false],
  ['HEAD', '/items', false],
  ['OPTIONS', '/items/17', false],
  ['GET', '/all/x/y', false],
  ['DELETE', '/all/x/y', true],
  ['PROPPATCH', '/all/x', true],
])('%s %s belongs to the group, writes: %s', (method, path, writes) => {
  expect(matcher.match(method, path)).toMatchObject({ group: 'items', writes });
});

test('parameters of any length match', () => {
  expect(matcher.match('GET', `/items/${'x'.repeat(5_000)}`)?.group).toBe('items');
});

test.each([
  ['GET', '/other'],
  ['PUT', '/items'],
  ['NOPE', '/items'],
])('%s %s belongs to no group', (method, path) => {
  expect(matcher.match(method, path)).toBeUndefined();
});

test('groups that only the plan or only the database knows', () => {
  const table = buildTable(plan, matcher, { version: 1n, groups: [state('gone', { phase: 'migrated' })] });
  expect([...table.groups.keys()]).toEqual(['items', 'orders']);
  expect(table.groups.get('items')).toMatchObject({ phase: 'legacy', owner: 'legacy' });
});

test('a hold binds its group and the writers of it, and no other', () => {
  const table = buildTable(plan, matcher, {
    version: 1n,
    groups: [state('items', { holding: 'h' }), state('orders')],
  });
  expect(table.groups.get('orders')?.heldBy.map((hold) => hold.transition)).toEqual(['h']);
  const other = buildTable(plan, matcher, {
    version: 1n,
    groups: [state('items'), state('orders', { holding: 'h' })],
  });
  expect(other.groups.get('items')?.heldBy).toEqual([]);
});

test('in every phase: the owner is the service exactly when it is migrated or retired', () => {
  fc.assert(
    fc.property(fc.constantFrom(...phases), fc.nat(100), (phase, canaryPercent) => {
      const table = buildTable(plan, matcher, {
        version: 2n,
        groups: [state('items', { phase, canaryPercent })],
      });
      const entry = table.groups.get('items');
      expect(entry?.owner).toBe(phase === 'migrated' || phase === 'retired' ? 'service' : 'legacy');
      expect(entry?.canaryPercent).toBe(phase === 'canary' ? canaryPercent : 0);
    }),
  );
});
