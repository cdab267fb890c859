import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readOwnership } from '#guard/ownership.ts';
import { readGroup } from '#plan/store/groups.ts';
import { startTwoSides, type Pair, type TwoSides } from '#test/two-sides.ts';
import { readHistory, type Transition } from '../journal/transitions.ts';
import { carryBeats, leadingOperator, placeGroup, until } from '../operator-fixture.ts';
import type { RunningOperator } from '../start-operator.ts';
import { handoverSteps } from '../transitions/handover.ts';
import { beginHandover } from './begin-handover.ts';

let sides: TwoSides;
let pair: Pair;
let beats: ReturnType<typeof carryBeats>;
let folder: string;
let child: ChildProcess | undefined;
let successor: RunningOperator | undefined;

beforeAll(async () => {
  sides = await startTwoSides();
});
afterAll(() => sides.stop());
beforeEach(async () => {
  pair = await sides.pair();
  folder = mkdtempSync(join(tmpdir(), 'matapalo-operator-'));
  writeFileSync(join(folder, 'strangler.config.ts'), `export default ${JSON.stringify(pair.config)};`);
  await placeGroup(pair, 'canary');
  beats = carryBeats(pair);
});
afterEach(async () => {
  child?.kill('SIGKILL');
  await successor?.stop();
  successor = undefined;
  await beats.stop();
  await pair.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A real operator process that begins `kind` and meets `fault` on the way. */
function operatorProcess(kind: string, fault: string): ChildProcess {
  return spawn(process.execPath, [join(import.meta.dirname, 'handover-process.ts'), pair.group.name, kind], {
    env: {
      ...process.env,
      MATAPALO_CONFIG: join(folder, 'strangler.config.ts'),
      MATAPALO_TOKEN_FILE: join(folder, 'token'),
      MATAPALO_FAULT: fault,
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

const exited = (process: ChildProcess) => process.exitCode !== null || process.signalCode !== null;

/** `T` while a process is stopped. */
function stateOf(process: ChildProcess): string {
  return readFileSync(`/proc/${process.pid}/stat`, 'utf8').split(') ')[1]?.charAt(0) ?? '';
}

async function newest(): Promise<Transition | undefined> {
  return (await readHistory(pair.controlPool, pair.group.name, 1))[0];
}

async function ended(): Promise<Transition> {
  let found: Transition | undefined;
  await until(async () => {
    found = await newest();
    return found !== undefined && found.state !== 'running';
  }, 'the transition to end');
  if (found === undefined) throw new Error('no transition');
  return found;
}

async function expectRest(kind: string, transition: Transition) {
  const [old, other] =
    kind === 'switch' ? (['legacy', 'service'] as const) : (['service', 'legacy'] as const);
  const [owner, epoch] =
    transition.state === 'done' ? [other, transition.fromEpoch + 1n] : [old, transition.fromEpoch + 2n];
  expect(await readOwnership(pair.legacyPool, pair.group.name)).toMatchObject({ owner, epoch });
  expect(await readOwnership(pair.servicePool, pair.group.name)).toMatchObject({ owner, epoch });
  expect(await readGroup(pair.controlPool, pair.group.name)).toMatchObject({
    epoch,
    phase: transition.state === 'done' ? transition.toPhase : transition.fromPhase,
    holding: undefined,
    stopped: undefined,
  });
}

/** For a rollback, the group is switched first, by an operator that is gone afterwards. */
async function prepare(kind: string) {
  if (kind !== 'rollback') return;
  const first = await leadingOperator(pair);
  await beginHandover(first.operator, pair.group.name, 'switch');
  expect((await ended()).state).toBe('done');
  await first.stop();
}

const faulty = handoverSteps.filter((step) => step !== 'done');
const opened = (step: string) => ['opened', 'publishing', 'published'].includes(step);

describe.each(['switch', 'rollback'])('an operator process in a %s', (kind) => {
  it.each(faulty)(
    'stopped after journaling `%s`, succeeded, and continued: still one owner',
    async (step) => {
      await prepare(kind);
      child = operatorProcess(kind, `stop:${step}`);
      const stopped = child;
      await until(() => stateOf(stopped) === 'T', `the process to stop at ${step}`);
      // It still holds its session in the control database: the successor has to put it out.
      successor = await leadingOperator(pair);
      const result = await ended();
      expect(result.state).toBe(opened(step) ? 'done' : 'undone');
      await expectRest(kind, result);
      stopped.kill('SIGCONT');
      await until(() => exited(stopped), 'the continued process to give up');
      expect((await newest())?.state).toBe(result.state);
      await expectRest(kind, result);
    },
  );

  it.each(faulty)('killed after journaling `%s`: the next operator ends the transition', async (step) => {
    await prepare(kind);
    child = operatorProcess(kind, `kill:${step}`);
    const killed = child;
    await until(() => exited(killed), `the process to be killed at ${step}`);
    expect(killed.signalCode).toBe('SIGKILL');
    successor = await leadingOperator(pair);
    const result = await ended();
    expect(result.state).toBe(opened(step) ? 'done' : 'undone');
    await expectRest(kind, result);
  });
});
