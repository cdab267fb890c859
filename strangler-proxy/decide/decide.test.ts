import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RoutePlan } from '#plan/compile.ts';
import { ownerIn, phases, type Phase, type Side } from '#plan/phase.ts';
import { createMatcher } from '../route-table/matcher.ts';
import { buildTable } from '../route-table/table.ts';
import { planOf } from '../testing/plan.ts';
import { bucketOf } from './bucket.ts';
import { cookieOf } from './client.ts';
import { decide, type RequestFacts } from './decide.ts';

const plan = planOf();
const matcher = createMatcher(plan);

interface Case {
  phase: Phase;
  percent: number;
  holding: boolean;
  writes: boolean;
  client: string;
  pinned: boolean;
  forced: Side | undefined;
  draining: boolean;
}

const cases: fc.Arbitrary<Case> = fc.record({
  phase: fc.constantFrom(...phases),
  percent: fc.nat(100),
  holding: fc.boolean(),
  writes: fc.boolean(),
  client: fc.string(),
  pinned: fc.boolean(),
  forced: fc.constantFrom<(Side | undefined)[]>(undefined, 'legacy', 'service'),
  draining: fc.boolean(),
});

function decided(one: Case) {
  const table = buildTable(plan, matcher, {
    version: 1n,
    groups: [
      {
        name: 'items',
        phase: one.phase,
        epoch: 1n,
        canaryPercent: one.percent,
        holding: one.holding ? 'h' : undefined,
        stopped: undefined,
      },
    ],
  });
  const route: RoutePlan | undefined = table.match(one.writes ? 'POST' : 'GET', '/items');
  const facts: RequestFacts = {
    client: () => one.client,
    isPinned: () => one.pinned,
    forced: () => one.forced,
    isDraining: () => one.draining,
  };
  return decide(route, table.groups.get('items'), facts);
}

const law = (name: string, holds: (one: Case) => void) =>
  test(name, () => fc.assert(fc.property(cases, holds), { numRuns: 500 }));

law('a write goes to the owner or waits, whatever else is asked for', (one) => {
  fc.pre(one.writes);
  const decision = decided(one);
  expect(decision.side).toBe(ownerIn(one.phase));
  expect(decision.hold !== undefined).toBe(one.holding && !one.draining);
  expect(decision.shadow).toBe(false);
});

law('a read never waits', (one) => {
  fc.pre(!one.writes);
  expect(decided(one).hold).toBeUndefined();
});

law('before shadow nothing reaches the service; once retired nothing reaches the monolith', (one) => {
  const { side, shadow } = decided(one);
  if (one.phase === 'legacy' || one.phase === 'syncing')
    expect({ side, shadow }).toEqual({ side: 'legacy', shadow: false });
  if (one.phase === 'retired') expect(side).toBe('service');
});

law('a pinned client reads from the owner unless an operator forces a side', (one) => {
  fc.pre(!one.writes && one.pinned && one.forced === undefined);
  expect(decided(one).side).toBe(ownerIn(one.phase));
});

law('a higher percentage only adds clients', (one) => {
  fc.pre(!one.writes && one.phase === 'canary');
  if (decided(one).side !== 'service') return;
  for (let percent = one.percent; percent <= 100; percent += 7)
    expect(decided({ ...one, percent }).side).toBe('service');
});

law('the same facts give the same answer', (one) => {
  expect(decided(one)).toEqual(decided(one));
});

law('only the monolith is shadowed, and only in shadow and canary', (one) => {
  const { side, shadow } = decided(one);
  if (shadow) expect([side, one.phase === 'shadow' || one.phase === 'canary']).toEqual(['legacy', true]);
});

test('what belongs to no group goes to the monolith', () => {
  const facts: RequestFacts = {
    client: () => '',
    isPinned: () => false,
    forced: () => 'service',
    isDraining: () => false,
  };
  expect(decide(undefined, undefined, facts)).toEqual({ side: 'legacy', hold: undefined, shadow: false });
});

test('buckets are even: each percent gets its share of clients', () => {
  const counts = new Array<number>(100).fill(0);
  const clients = 100_000;
  for (let i = 0; i < clients; i++) {
    const percent = Math.floor(bucketOf(`sub:${i}`) / 100);
    counts[percent] = (counts[percent] ?? 0) + 1;
  }
  for (const count of counts) expect(Math.abs(count - clients / 100)).toBeLessThan(200);
});

test('a cookie is found by its whole name only, the first of several', () => {
  const part = fc.constantFrom(
    'a',
    'id',
    'x_id',
    'id_x',
    'id=1',
    'id= 2',
    ' id=3',
    'x=id',
    'x=id=4',
    'idid=5',
    '=id',
    'ID=6',
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
      const first = parts
        .map((one) => [one.slice(0, one.indexOf('=')).trim(), one] as const)
        .find(([name, one]) => one.includes('=') && name === 'id')?.[1];
      expect(cookieOf(parts.join(';'), 'id')).toBe(first?.slice(first.indexOf('=') + 1).trim());
    }),
  );
});
