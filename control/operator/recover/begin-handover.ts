import { randomUUID } from 'node:crypto';
import { transaction } from '#kernel/db/pool.ts';
import { readGroup } from '#plan/store/groups.ts';
import { beginTransition, type Transition } from '../journal/transitions.ts';
import type { Term } from '../lead/lead.ts';
import type { Operator } from '../operator.ts';
import { carryOut } from '../transitions/carry-out.ts';

/** For tests: begins a handover past its gates, which have tests of their own. */
export async function beginHandover(
  op: Operator,
  group: string,
  kind: 'switch' | 'rollback',
  term: Term | undefined = op.lead.current,
): Promise<Transition> {
  const state = await readGroup(op.control, group);
  if (term === undefined || state === undefined) throw new Error('not leading, or no such group');
  const transition: Transition = {
    id: randomUUID(),
    group,
    kind,
    fromPhase: state.phase,
    toPhase: kind === 'switch' ? 'migrated' : 'shadow',
    fromEpoch: state.epoch,
    state: 'running',
    args: {},
    askedBy: 'test',
    predictedPauseMs: undefined,
    measured: undefined,
    reason: undefined,
    startedAt: new Date(),
    endedAt: undefined,
  };
  await transaction(op.control, (client) => beginTransition(client, term.term, transition, {}));
  const paused = op.onStep('begin', transition.id);
  void (async () => {
    await paused;
    carryOut(op, transition, term);
  })();
  return transition;
}
