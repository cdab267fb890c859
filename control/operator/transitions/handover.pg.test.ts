import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readOwnership } from '#guard/ownership.ts';
import { readGroup } from '#plan/store/groups.ts';
import { exampleRows, startTwoSides, type Pair, type TwoSides } from '#test/two-sides.ts';
import { readJournal } from '../journal/journal.ts';
import { readTransition, type Transition } from '../journal/transitions.ts';
import { carryBeats, leadingOperator, placeGroup, until } from '../operator-fixture.ts';
import type { Lead, Term } from '../lead/lead.ts';
import type { Operator } from '../operator.ts';
import type { RunningOperator } from '../start-operator.ts';
import { beginHandover } from '../recover/begin-handover.ts';
import { recover } from '../recover/recover.ts';
import { handoverSteps } from './handover.ts';

let sides: TwoSides;
let pair: Pair;
let beats: ReturnType<typeof carryBeats>;
const operators: RunningOperator[] = [];

beforeAll(async () => {
  sides = await startTwoSides();
});
afterAll(() => sides.stop());
beforeEach(async () => {
  pair = await sides.pair({ group: { limits: { drainTimeoutMs: 1_500, catchUpTimeoutMs: 1_500 } } });
  await pair.legacyApp.query(exampleRows(20));
  await placeGroup(pair, 'canary');
  beats = carryBeats(pair);
});
afterEach(async () => {
  for (const operator of operators.splice(0)) await operator.stop();
  await beats.stop();
  await pair.close();
});

async function operator(onStep: (step: string, id: string) => Promise<void> | void = () => undefined) {
  const running = await leadingOperator(pair, { onStep });
  operators.push(running);
  return running;
}

const begin = (
  running: RunningOperator,
  kind: 'switch' | 'rollback',
  term: Term | undefined = running.operator.lead.current,
  op: Operator = running.operator,
) => beginHandover(op, pair.group.name, kind, term);

async function ended(id: string): Promise<Transition> {
  let found: Transition | undefined;
  await until(async () => {
    found = await readTransition(pair.controlPool, id);
    return found !== undefined && found.state !== 'running';
  }, 'the transition to end');
  if (found === undefined) throw new Error('no transition');
  return found;
}

/** What must hold at rest: rows that agree, one side that writes, nothing held. */
async function expectOwner(owner: 'legacy' | 'service', epoch: bigint, phase: string) {
  expect(await readOwnership(pair.legacyPool, pair.group.name)).toMatchObject({ owner, epoch });
  expect(await readOwnership(pair.servicePool, pair.group.name)).toMatchObject({ owner, epoch });
  expect(await readGroup(pair.controlPool, pair.group.name)).toMatchObject({
    phase,
    epoch,
    holding: undefined,
    stopped: undefined,
  });
  const refused = { code: 'MP001' };
  const legacy = pair.legacyApp.query(`update prod set note = 'x' where prod_id = 1`);
  await (owner === 'legacy'
    ? expect(legacy).resolves.toBeDefined()
    : expect(legacy).rejects.toMatchObject(refused));
  const service = pair.serviceApp.query(`update products set note = 'x' where id = 1`);
  await (owner === 'service'
    ? expect(service).resolves.toBeDefined()
    : expect(service).rejects.toMatchObject(refused));
}

describe('a switch and its rollback', () => {
  it('moves ownership there and back, journals every step in order, and carries the sequences over', async () => {
    const running = await operator();
    const there = await ended((await begin(running, 'switch')).id);
    expect(there).toMatchObject({ state: 'done' });
    await expectOwner('service', 2n, 'migrated');
    const journal = await readJournal(pair.controlPool, there.id);
    expect(journal.map((entry) => entry.step)).toEqual([...handoverSteps]);
    expect(typeof there.measured?.['pauseMs']).toBe('number');
    const made = await pair.serviceApp.query<{ id: string }>(
      `insert into products (code, price, status, first_name, last_name, updated_at)
       values ('new', 1, 'active', 'a', 'b', now()) returning id`,
    );
    expect(Number(made.rows[0]?.id)).toBeGreaterThan(20);

    const back = await ended((await begin(running, 'rollback')).id);
    expect(back).toMatchObject({ state: 'done' });
    await expectOwner('legacy', 3n, 'shadow');
    const again = await pair.legacyApp.query<{ prod_id: string }>(
      `insert into prod (cd, price_cents, owner_nm) values ('newer', 1, 'a b') returning prod_id`,
    );
    expect(Number(again.rows[0]?.prod_id)).toBeGreaterThan(Number(made.rows[0]?.id));
  });

  it('is left alone by the recovery of the operator that began it', async () => {
    const running = await operator();
    const transition = await begin(running, 'switch');
    const term = running.operator.lead.current;
    if (term) await recover(running.operator, term);
    expect((await ended(transition.id)).state).toBe('done');
  });

  it('is undone when a proxy beats but does not drain, and may be tried again', async () => {
    await addProxy('stuck');
    const running = await operator();
    const first = await ended((await begin(running, 'switch')).id);
    expect(first.state).toBe('undone');
    expect(first.reason).toContain('stuck');
    await expectOwner('legacy', 3n, 'canary');
    await pair.controlPool.query('delete from proxy');
    expect((await ended((await begin(running, 'switch')).id)).state).toBe('done');
    await expectOwner('service', 4n, 'migrated');
  });

  it('does not wait for a proxy whose lease has run out, and waits for one that still runs', async () => {
    await addProxy('gone', '-1 second');
    await addProxy('works');
    let closedEarly = false;
    const running = await operator(async (step, id) => {
      if (step === 'closing') {
        const { rows } = await pair.controlPool.query(`select drained from proxy where id = 'works'`);
        closedEarly = rows[0]?.drained?.[id] !== true;
      }
    });
    const transition = await begin(running, 'switch');
    await until(
      async () => (await readGroup(pair.controlPool, pair.group.name))?.holding === transition.id,
      'the hold',
    );
    await pair.controlPool.query(
      `update proxy set drained = jsonb_build_object($1::text, true), version = 1000 where id = 'works'`,
      [transition.id],
    );
    await pair.controlPool.query(`notify matapalo_proxies`);
    expect((await ended(transition.id)).state).toBe('done');
    expect(closedEarly).toBe(false);
  });

  it('is undone when the last writes are not applied in time', async () => {
    const running = await operator();
    beats.pause(true);
    const transition = await ended((await begin(running, 'switch')).id);
    expect(transition.state).toBe('undone');
    await expectOwner('legacy', 3n, 'canary');
  });

  it('is undone when a writer does not end: the fence gives way, the writer is never cancelled', async () => {
    const writer = await pair.legacyApp.connect();
    await writer.query('begin');
    await writer.query(`update prod set note = 'long' where prod_id = 2`);
    const running = await operator();
    const transition = await begin(running, 'switch');
    await until(
      async () =>
        (await readJournal(pair.controlPool, transition.id)).some((entry) => entry.step === 'undoing'),
      'the undo',
    );
    await writer.query('commit');
    writer.release();
    expect((await ended(transition.id)).state).toBe('undone');
    await expectOwner('legacy', 3n, 'canary');
    const { rows } = await pair.legacyApp.query(`select note from prod where prod_id = 2`);
    expect(rows[0]?.note).toBe('long');
  });

  it('stops loudly, and touches nothing, when an ownership row is not from this handover', async () => {
    const running = await operator(async (step) => {
      if (step === 'closing')
        await pair.servicePool.query(`update matapalo.ownership set epoch = 77 where group_name = $1`, [
          pair.group.name,
        ]);
    });
    const transition = await ended((await begin(running, 'switch')).id);
    expect(transition.state).toBe('failed');
    expect((await readGroup(pair.controlPool, pair.group.name))?.stopped?.code).toBe('ownership-foreign');
    await expect(pair.serviceApp.query(`update products set note = 'x'`)).rejects.toMatchObject({
      code: 'MP001',
    });
  });
});

async function addProxy(id: string, lease = '1 hour') {
  await pair.controlPool.query(
    `insert into proxy (id, url, config_hash, version, lease_until) values ($1, 'http://x', $2, 1, now() + $3::interval)`,
    [id, pair.plan.hash, lease],
  );
}

describe.each(['switch', 'rollback'] as const)('an operator that is paused during a %s', (kind) => {
  const beforeOpen = [
    'begin',
    'hold',
    'holding',
    'drained',
    'closing',
    'closed',
    'caught-up',
    'sequences',
    'opening',
  ];
  const paused = [...beforeOpen, 'opened', 'publishing', 'published'];

  it.each(paused)(
    'before the act of `%s`: its successor ends it, and it changes nothing when it wakes',
    async (at) => {
      const base = kind === 'switch' ? 1n : 2n;
      if (kind === 'rollback') {
        const first = await operator();
        expect((await ended((await begin(first, 'switch')).id)).state).toBe('done');
        await first.stop();
        operators.splice(0);
      }
      let wake: () => void = () => undefined;
      const asleep = new Promise<void>((resolve) => (wake = resolve));
      let reached: () => void = () => undefined;
      const arrived = new Promise<void>((resolve) => (reached = resolve));
      const predecessor = await operator(async (step) => {
        if (step !== at) return;
        reached();
        await asleep;
      });
      const transition = await beginBlind(predecessor, kind);
      await arrived;
      await predecessor.operator.lead.close();
      const successor = await leadingOperator(pair);
      operators.push(successor);
      const result = await ended(transition.id);
      const opened = !beforeOpen.includes(at);
      const [old, other] =
        kind === 'switch' ? (['legacy', 'service'] as const) : (['service', 'legacy'] as const);
      const oldPhase = kind === 'switch' ? 'canary' : 'migrated';
      const newPhase = kind === 'switch' ? 'migrated' : 'shadow';
      const expected = opened
        ? ([other, base + 1n, newPhase] as const)
        : ([old, base + 2n, oldPhase] as const);
      // Paused before the act of `opening`, the target is still closed; after `opened` it is open.
      expect(result.state).toBe(opened ? 'done' : 'undone');
      await expectOwner(expected[0], expected[1], expected[2]);
      wake();
      await Promise.allSettled([...predecessor.operator.running.values()]);
      await expectOwner(expected[0], expected[1], expected[2]);
      expect((await readTransition(pair.controlPool, transition.id))?.state).toBe(result.state);
    },
  );
});

/** As a process that slept through the loss of its lead: it believes in it until the databases say otherwise. */
function beginBlind(running: RunningOperator, kind: 'switch' | 'rollback'): Promise<Transition> {
  const term = running.operator.lead.current;
  if (term === undefined) throw new Error('not leading');
  const believed: Term = { term: term.term, signal: new AbortController().signal };
  const lead = { leads: () => true, current: believed } as unknown as Lead;
  return begin(running, kind, believed, { ...running.operator, lead });
}
