import type pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { applySessionName } from '#plan/names.ts';
import { quietLog, startTwoSides, type Pair, type TwoSides } from '#test/two-sides.ts';
import { until } from '#test/cdc-fixture.ts';
import { transactionsGate } from './transactions.ts';

let sides: TwoSides;
let pair: Pair;
const open: pg.PoolClient[] = [];

beforeAll(async () => {
  sides = await startTwoSides();
  pair = await sides.pair({ guard: true });
});
afterAll(async () => {
  for (const client of open) client.release(true);
  await sides.stop();
});

/** A transaction that has written to a table of the group, left open. */
async function leaveOpen(from: pg.Pool, name: string, sql: string): Promise<void> {
  const client = await from.connect();
  open.push(client);
  await client.query(`set application_name = '${name}'`);
  await client.query(sql);
}

const evidence = async () => {
  const { plan, group, controlPool, legacyPool, servicePool } = pair;
  const pools = { legacy: legacyPool, service: servicePool };
  const databases = { of: (_group: unknown, side: 'legacy' | 'service') => pools[side] };
  const verdict = await transactionsGate.check({
    op: { plan, control: controlPool, databases: databases as never, log: quietLog },
    group,
    state: {} as never,
    kind: 'switch',
    predictedPauseMs: undefined,
  });
  return verdict.evidence;
};

it('names whoever holds the group, our own appliers excepted: a switch waits for those anyway', async () => {
  const applier = applySessionName(pair.group.name, 'forward');
  const write = `insert into product_tags values (1, 'x')`;
  const asApplier = `set session_replication_role = replica; begin; ${write}`;
  await leaveOpen(pair.servicePool, applier, asApplier);
  await leaveOpen(pair.servicePool, 'repair', asApplier.replace(`'x'`, `'y'`));
  // Whoever only calls itself an applier is a writer like any other.
  await leaveOpen(pair.legacyApp, applier, `begin; delete from prod_tag`);
  await leaveOpen(pair.legacyApp, 'report', `begin; delete from prod_tag`);
  // The youngest is named last, so that the others had their chance.
  const seen = await until('the youngest is named', async () => {
    const text = await evidence();
    return text.includes('report') ? text : undefined;
  });
  expect(seen).toContain('repair');
  expect(seen).toMatch(new RegExp(`\\(${applier}, [^)]*\\) in legacy`));
  expect(seen).not.toMatch(new RegExp(`\\(${applier}, [^)]*\\) in service`));
});
