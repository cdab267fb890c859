import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installGuard } from '#guard/install.ts';
import { startTwoSides, type Pair, type TwoSides } from '#test/two-sides.ts';
import { guardDrift, guardState, type GuardState } from './ddl-watch.ts';

let sides: TwoSides;
let pair: Pair;
let before: GuardState;
beforeAll(async () => {
  sides = await startTwoSides();
  pair = await sides.pair({
    control: false,
    legacySql: `create table prod (prod_id int, cd text, primary key (prod_id)) partition by range (prod_id);
      create table prod_low partition of prod for values from (0) to (100);
      create table prod_apart (prod_id int primary key, cd text)`,
    serviceSql: 'create table products (id int primary key, code text)',
    tables: [
      {
        legacy: 'prod',
        service: 'products',
        forward: { id: 'prod_id', code: 'cd' },
        reverse: { prod_id: 'id', cd: 'code' },
      },
    ],
  });
  await installGuard(pair.legacyPool, pair.group, 'legacy', 'legacy', 1n);
  before = await guardState(pair.legacyPool, pair.group, 'legacy');
});
afterAll(() => sides.stop());

const drift = () => guardDrift(pair.legacyPool, pair.group, 'legacy', before);

describe('what gets round the guard', () => {
  it('is nothing while clients only write', async () => {
    await pair.legacyApp.query(
      `insert into prod values (1, 'a'); truncate prod; insert into prod values (2, 'b')`,
    );
    expect(await drift()).toEqual([]);
  });

  it('is a trigger that was disabled, until it stands again', async () => {
    await pair.legacyApp.query('alter table prod_low disable trigger matapalo_guard_row');
    expect(await drift()).toEqual(['prod_low: a partition without the row guard']);
    await pair.legacyApp.query('alter table prod_low enable always trigger matapalo_guard_row');
    await pair.legacyApp.query('alter table prod disable trigger matapalo_guard');
    expect(await drift()).toEqual(['public.prod: matapalo_guard is disabled']);
    await pair.legacyApp.query('alter table prod enable always trigger matapalo_guard');
    expect(await drift()).toEqual([]);
  });

  it('is a partition that was attached or detached with its rows, and a type that was rewritten', async () => {
    await pair.legacyApp.query('alter table prod attach partition prod_apart for values from (100) to (200)');
    expect(await drift()).toEqual(['prod_apart: attached, or new']);
    await pair.legacyApp.query('alter table prod detach partition prod_low');
    expect(await drift()).toEqual(['prod_apart: attached, or new', 'prod_low: detached, or dropped']);
    before = await guardState(pair.legacyPool, pair.group, 'legacy');
    await pair.legacyApp.query('alter table prod alter column cd type varchar(10)');
    expect(await drift()).toEqual([
      expect.stringContaining('types changed'),
      expect.stringContaining('types changed'),
    ]);
  });
});
