import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { setStopped } from '#plan/store/groups.ts';
import { startTwoSides, type Pair, type TwoSides } from '#test/two-sides.ts';
import { leadingOperator, placeGroup, until } from '../operator-fixture.ts';
import type { RunningOperator } from '../start-operator.ts';

let sides: TwoSides;
let pair: Pair;
let operator: RunningOperator;

beforeAll(async () => {
  sides = await startTwoSides();
});
beforeEach(async () => {
  pair = await sides.pair();
  operator = await leadingOperator(pair);
  await placeGroup(pair, 'canary');
});
afterEach(async () => {
  await operator.stop();
  await pair.close();
});
afterAll(() => sides.stop());

/** Lines of a metric that name this group. */
async function series(metric: string): Promise<string[]> {
  const text = await (await fetch(`${operator.url}/metrics`)).text();
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${metric}{`) && line.includes(`group="${pair.group.name}"`))
    .map((line) => line.replace(`group="${pair.group.name}",`, '').replace(',service="operator"', ''));
}
const shows = (metric: string, ...lines: string[]) =>
  until(
    async () => JSON.stringify((await series(metric)).sort()) === JSON.stringify(lines.sort()),
    `${metric} to be ${lines.join(' ')}`,
  );

it('shows why a group is stopped, and nothing of it once that is cleared', async () => {
  await shows('matapalo_group_stopped', 'matapalo_group_stopped{code="none"} 0');
  await setStopped(pair.controlPool, pair.group.name, { code: 'guard-drift', message: 'm', hint: 'h' });
  await shows('matapalo_group_stopped', 'matapalo_group_stopped{code="guard-drift"} 1');
  await setStopped(pair.controlPool, pair.group.name, undefined);
  await shows('matapalo_group_stopped', 'matapalo_group_stopped{code="none"} 0');
});

it('counts writes that a side refused', async () => {
  const before = ['legacy', 'service'].map((side) => `matapalo_guard_refused_writes_total{side="${side}"} 0`);
  await shows('matapalo_guard_refused_writes_total', ...before);
  for (let i = 0; i < 2; i++)
    await expect(pair.serviceApp.query('delete from products')).rejects.toMatchObject({ code: 'MP001' });
  await shows(
    'matapalo_guard_refused_writes_total',
    'matapalo_guard_refused_writes_total{side="legacy"} 0',
    'matapalo_guard_refused_writes_total{side="service"} 2',
  );
});

it('a verification opens the way until it expires or the group changes hands', async () => {
  const metric = 'matapalo_verification_valid_until_timestamp_seconds';
  const expires = new Date('2100-01-01T00:00:00Z');
  await pair.controlPool.query(
    `insert into verification (id, group_name, direction, state, rows, ended_at, expires_at)
     values (gen_random_uuid(), $1, 'forward', 'clean', 7, now(), $2)`,
    [pair.group.name, expires],
  );
  await shows(metric, `${metric}{direction="forward"} ${expires.getTime() / 1_000}`);
  expect(await series('matapalo_verification_rows')).toContain(
    'matapalo_verification_rows{direction="forward",result="compared"} 7',
  );
  await pair.controlPool.query(
    `insert into transition (id, group_name, kind, from_phase, to_phase, from_epoch, state, asked_by, term, measured,
       predicted_pause_ms, ended_at)
     values (gen_random_uuid(), $1, 'switch', 'canary', 'migrated', 1, 'done', 'test', 1, '{"pauseMs": 40}', 50,
       now() + interval '1 second')`,
    [pair.group.name],
  );
  await shows(metric, `${metric}{direction="forward"} 0`);
  expect(await series('matapalo_handover_measured_pause_seconds')).toEqual([
    'matapalo_handover_measured_pause_seconds{kind="switch"} 0.04',
  ]);
  const counts = await series('matapalo_transitions_total');
  expect(counts).toContain('matapalo_transitions_total{kind="switch",state="undone"} 0');
  expect(counts.filter((line) => !line.endsWith(' 0'))).toEqual([
    'matapalo_transitions_total{kind="switch",state="done"} 1',
  ]);
});

it('what cannot be read is said, and not shown as it was', async () => {
  await shows('matapalo_group_holding', 'matapalo_group_holding{service="operator"} 0');
  await pair.controlPool.query('alter table progress rename to elsewhere');
  await shows('matapalo_group_holding');
  expect(await (await fetch(`${operator.url}/metrics`)).text()).toContain(
    'matapalo_operator_database_up{database="control",service="operator"} 0',
  );
  await pair.controlPool.query('alter table elsewhere rename to progress');
});
