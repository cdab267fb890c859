import type { GroupPlan } from '#plan/compile.ts';
import { publishGroup, type GroupChange } from '#plan/store/groups.ts';
import { append, underTerm } from '../journal/journal.ts';
import { endTransition, type Transition, type TransitionState } from '../journal/transitions.ts';
import type { Term } from '../lead/lead.ts';
import type { Operator } from '../operator.ts';

/** One transition that this operator carries out under one term. */
export interface Run {
  op: Operator;
  group: GroupPlan;
  transition: Transition;
  term: Term;
  /** When each step was journaled, on the process's monotonic clock. */
  times: Map<string, number>;
}

/** Journals a step before its act, or several with no act between them. Throws `not-leader` when another term has begun. */
export async function step(
  run: Run,
  name: string | readonly string[],
  detail: Record<string, unknown> = {},
  durable = false,
): Promise<void> {
  run.term.signal.throwIfAborted();
  await append(durable ? run.op.control : run.op.steps, run.term.term, run.transition.id, name, detail);
  for (const each of [name].flat()) await journaled(run, each);
}

async function journaled(run: Run, name: string): Promise<void> {
  run.times.set(name, performance.now());
  run.op.log.info({ group: run.group.name, transition: run.transition.id, step: name }, 'step');
  await run.op.onStep(name, run.transition.id);
  run.term.signal.throwIfAborted();
}

/** Publishes a change of the group, its journal entry and, where given, the transition's end, all or nothing, under the term. */
export async function publish(
  run: Run,
  name: string,
  change: GroupChange,
  end?: {
    state: Exclude<TransitionState, 'running'>;
    reason?: string;
    measured?: Record<string, unknown>;
  },
): Promise<bigint> {
  run.term.signal.throwIfAborted();
  const version = await underTerm(run.op.control, run.term.term, async (client) => {
    const version = await publishGroup(client, run.group.name, change);
    await append(client, run.term.term, run.transition.id, name, { version: version.toString() });
    if (end) await endTransition(client, run.transition.id, end.state, end);
    return version;
  });
  await journaled(run, name);
  return version;
}

/** Ends the transition with a last journal entry. */
export async function end(
  run: Run,
  name: string,
  state: Exclude<TransitionState, 'running'>,
  outcome: { reason?: string; measured?: Record<string, unknown> } = {},
): Promise<void> {
  await underTerm(run.op.control, run.term.term, async (client) => {
    await append(client, run.term.term, run.transition.id, name, {});
    await endTransition(client, run.transition.id, state, outcome);
  });
  await journaled(run, name);
}
