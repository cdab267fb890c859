import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readGroup } from '#plan/store/groups.ts';
import { startTwoSides, type Pair, type TwoSides } from '#test/two-sides.ts';
import { leadingOperator, placeGroup } from './operator-fixture.ts';
import type { RunningOperator } from './start-operator.ts';
import { GuardWatch } from './watch-guards.ts';

let sides: TwoSides;
let pair: Pair;
let operator: RunningOperator;
let watch: GuardWatch;

beforeAll(async () => {
  sides = await startTwoSides();
});
afterAll(() => sides.stop());
beforeEach(async () => {
  pair = await sides.pair();
  await placeGroup(pair, 'shadow');
  operator = await leadingOperator(pair);
  watch = new GuardWatch(operator.operator);
  await watch.look();
});
afterEach(async () => {
  await operator.stop();
  await pair.close();
});

const stopped = async () => (await readGroup(pair.controlPool, pair.group.name))?.stopped;

describe('the watch over the guards', () => {
  it('says nothing while all stands, and while columns are only added', async () => {
    await pair.legacyApp.query('alter table prod add extra text');
    await watch.look();
    expect(await stopped()).toBeUndefined();
  });

  it.each([
    ['a disabled trigger', 'alter table prod disable trigger matapalo_guard'],
    ['a trigger that is no longer ALWAYS', 'alter table prod enable trigger matapalo_guard'],
    ['a dropped trigger', 'drop trigger matapalo_guard on prod'],
    ['a rewritten type', 'alter table prod alter price_cents type numeric'],
  ])('stops the group at %s', async (_name, sql) => {
    await pair.legacyApp.query(sql);
    await watch.look();
    expect(await stopped()).toMatchObject({ code: 'guard-drift' });
  });
});
