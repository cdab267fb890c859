import { randomUUID } from 'node:crypto';
import { MatapaloError } from '#kernel/errors.ts';
import { transaction } from '#kernel/db/pool.ts';
import { groupOf } from '#plan/compile.ts';
import { nextPhase, transitionsFrom, type TransitionKind } from '#plan/phase.ts';
import { readGroup } from '#plan/store/groups.ts';
import { evaluateGates, type Verdict } from '../gates/evaluate.ts';
import { predictPause } from '../gates/pause.ts';
import { beginTransition, readTransition, type Transition } from '../journal/transitions.ts';
import type { Operator } from '../operator.ts';
import { carryOut } from './carry-out.ts';
import { stepsOf } from './describe.ts';

export interface Ask {
  group: string;
  kind: TransitionKind;
  askedBy: string;
  canaryPercent?: number;
}

export interface Outlook {
  group: string;
  kind: TransitionKind;
  from: string;
  to: string;
  allowed: boolean;
  steps: string[];
  gates: Verdict[];
  predictedPauseMs: number | undefined;
}

/** What a transition would do and whether it may: the dry run, and the first half of the real one. */
export async function look(op: Operator, ask: Ask): Promise<Outlook & { transition: Transition }> {
  const group = groupOf(op.plan, ask.group);
  const state = await readGroup(op.control, ask.group);
  if (state === undefined) throw new MatapaloError('not-found', `Group ${ask.group} has no row yet.`);
  const toPhase = nextPhase(state.phase, ask.kind);
  if (toPhase === undefined) {
    const possible = transitionsFrom(state.phase);
    throw new MatapaloError(
      'illegal-transition',
      `Group ${ask.group} is ${state.phase}: ${ask.kind} does not lead on from there.`,
      {
        hint:
          possible.length === 0 ? 'Nothing leads on from retired.' : `Possible now: ${possible.join(', ')}.`,
        extra: { phase: state.phase, possible },
      },
    );
  }
  const percent = ask.canaryPercent;
  if (
    ask.kind === 'canary' &&
    (percent === undefined || !Number.isInteger(percent) || percent < 1 || percent > 100)
  ) {
    throw new MatapaloError('bad-request', 'A canary needs a whole percentage from 1 to 100.', {
      hint: `matapalo canary ${ask.group} 10`,
    });
  }
  const isHandover = ask.kind === 'switch' || ask.kind === 'rollback';
  const predictedPauseMs = isHandover ? await predictPause(op, group, ask.kind) : undefined;
  const gates = await evaluateGates({ op, group, state, kind: ask.kind, predictedPauseMs });
  return {
    group: ask.group,
    kind: ask.kind,
    from: state.phase,
    to: toPhase,
    allowed: gates.every((gate) => gate.ok || !gate.blocks),
    steps: stepsOf(ask.kind, group, percent),
    gates,
    predictedPauseMs,
    transition: {
      id: randomUUID(),
      group: ask.group,
      kind: ask.kind,
      fromPhase: state.phase,
      toPhase,
      fromEpoch: state.epoch,
      state: 'running',
      args: percent === undefined ? {} : { canaryPercent: percent },
      askedBy: ask.askedBy,
      predictedPauseMs,
      measured: undefined,
      reason: undefined,
      startedAt: new Date(),
      endedAt: undefined,
    },
  };
}

/** Starts a transition; it runs on, detached from whoever asked. Throws `gate-failed` with the evidence of every gate. */
export async function start(op: Operator, ask: Ask): Promise<Transition> {
  const term = op.lead.current;
  if (term === undefined) throw new MatapaloError('not-leader', 'This operator does not lead.');
  const outlook = await look(op, ask);
  if (!outlook.allowed) throw gateFailed(op, outlook);
  const { transition } = outlook;
  await transaction(op.control, (client) =>
    beginTransition(client, term.term, transition, {
      askedBy: ask.askedBy,
      gates: outlook.gates.map(({ name, ok, evidence }) => ({ name, ok, evidence })),
    }),
  );
  await op.onStep('begin', transition.id);
  carryOut(op, transition, term);
  return transition;
}

function gateFailed(op: Operator, outlook: Outlook): MatapaloError {
  const failed = outlook.gates.filter((gate) => !gate.ok && gate.blocks);
  for (const gate of failed) op.metrics.gateFailures.inc({ kind: outlook.kind, gate: gate.name });
  return new MatapaloError(
    'gate-failed',
    `${outlook.kind} of ${outlook.group} is refused: ${failed.map((gate) => `${gate.name} (${gate.evidence})`).join('; ')}.`,
    { ...(failed[0]?.help === undefined ? {} : { hint: failed[0].help }), extra: { gates: outlook.gates } },
  );
}

/** The transition once it has ended, or as it is after `timeoutMs`. */
export async function waitEnded(
  op: Operator,
  id: string,
  timeoutMs: number,
): Promise<Transition | undefined> {
  const run = op.running.get(id);
  if (run) {
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([run, new Promise((resolve) => (timer = setTimeout(resolve, timeoutMs)))]);
    clearTimeout(timer);
  }
  return readTransition(op.control, id);
}
