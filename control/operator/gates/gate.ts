import type { GroupPlan } from '#plan/compile.ts';
import type { Direction, Side, TransitionKind } from '#plan/phase.ts';
import type { GroupState } from '#plan/store/groups.ts';
import type { Operator } from '../operator.ts';

/** A gate's answer. `evidence` is what was seen, whether it is met or not; `help` is the command that leads on. */
export interface Verdict {
  name: string;
  ok: boolean;
  /** False for a warning, which never refuses. There is no way to force a gate. */
  blocks: boolean;
  evidence: string;
  help?: string;
}

export interface GateInput {
  op: Pick<Operator, 'plan' | 'control' | 'databases' | 'log'>;
  group: GroupPlan;
  state: GroupState;
  kind: TransitionKind;
  predictedPauseMs: number | undefined;
}

export interface Gate {
  name: string;
  kinds: readonly TransitionKind[];
  check: (input: GateInput) => Promise<Omit<Verdict, 'name'>>;
}

export const met = (evidence: string): Omit<Verdict, 'name'> => ({ ok: true, blocks: true, evidence });
export const unmet = (evidence: string, help: string): Omit<Verdict, 'name'> => ({
  ok: false,
  blocks: true,
  evidence,
  help,
});
export const warned = (evidence: string, help: string): Omit<Verdict, 'name'> => ({
  ok: false,
  blocks: false,
  evidence,
  help,
});

/** The direction that must be whole before `kind`: what a switch or a rollback waits for. */
export function directionOf(kind: TransitionKind): Direction {
  return kind === 'rollback' || kind === 'retire' ? 'reverse' : 'forward';
}

/** The side that gives ownership away in a switch or rollback. */
export function givingSide(kind: TransitionKind): Side {
  return directionOf(kind) === 'forward' ? 'legacy' : 'service';
}
