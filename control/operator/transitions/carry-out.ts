import { groupOf } from '#plan/compile.ts';
import { readTransition, type Transition } from '../journal/transitions.ts';
import type { Term } from '../lead/lead.ts';
import type { Operator } from '../operator.ts';
import { abort } from './abort.ts';
import { handOver } from './handover.ts';
import { setPhase } from './set-phase.ts';
import { retire } from './retire.ts';
import type { Run } from './run.ts';
import { sync } from './sync.ts';

const acts: Record<Transition['kind'], (run: Run) => Promise<void>> = {
  sync,
  shadow: setPhase,
  canary: setPhase,
  switch: handOver,
  rollback: handOver,
  retire,
  abort,
};

/** Runs a begun transition to its end, detached; one that is left running is taken up by the next leader. */
export function carryOut(
  op: Operator,
  transition: Transition,
  term: Term,
  act: (run: Run) => Promise<void> = acts[transition.kind],
): void {
  const run: Run = {
    op,
    group: groupOf(op.plan, transition.group),
    transition,
    term,
    times: new Map(),
  };
  const startedAt = performance.now();
  const done = act(run)
    .catch((error: unknown) => {
      op.log.error(
        { err: error, group: transition.group, transition: transition.id, kind: transition.kind },
        'a transition stopped before its end; the next leader takes it up',
      );
    })
    .then(async () => {
      const ended = await readTransition(op.control, transition.id).catch(() => undefined);
      op.metrics.transitions.observe(
        { kind: transition.kind, state: ended?.state ?? 'running' },
        (performance.now() - startedAt) / 1000,
      );
    })
    .finally(() => op.running.delete(transition.id));
  op.running.set(transition.id, done);
}
