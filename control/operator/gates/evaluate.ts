import { describeError } from '#kernel/errors.ts';
import { censusGate, readersGate } from './census.ts';
import { comparisonsGate } from './comparisons.ts';
import { crossingKeysGate } from './crossing-keys.ts';
import type { Gate, GateInput, Verdict } from './gate.ts';
import { lagGate } from './lag.ts';
import { guardGate, identityGate, ownershipGate } from './ownership.ts';
import { pauseGate } from './pause.ts';
import { preflightGate } from './preflight.ts';
import { proxiesGate } from './proxies.ts';
import { readyGate } from './ready.ts';
import { rehearsedGate } from './rehearsed.ts';
import { sequencesGate } from './sequences.ts';
import { slotsGate } from './slots.ts';
import { standbysGate } from './standbys.ts';
import { stoppedGate } from './stopped.ts';
import { transactionsGate } from './transactions.ts';
import { verificationGate } from './verification.ts';

export type { Verdict } from './gate.ts';

/** All gates, in the order in which a person reads them. */
export const gates: readonly Gate[] = [
  preflightGate,
  stoppedGate,
  ownershipGate,
  guardGate,
  identityGate,
  lagGate,
  slotsGate,
  rehearsedGate,
  verificationGate,
  comparisonsGate,
  readyGate,
  proxiesGate,
  transactionsGate,
  sequencesGate,
  standbysGate,
  crossingKeysGate,
  censusGate,
  readersGate,
  pauseGate,
];

/** Every gate of the transition, at once. Evidence that cannot be had counts against it. */
export async function evaluateGates(input: GateInput): Promise<Verdict[]> {
  const wanted = gates.filter((gate) => gate.kinds.includes(input.kind));
  return Promise.all(
    wanted.map(async (gate) => {
      try {
        return { name: gate.name, ...(await gate.check(input)) };
      } catch (error) {
        return {
          name: gate.name,
          ok: false,
          blocks: true,
          evidence: `cannot be judged: ${describeError(error)}`,
          help: 'matapalo doctor',
        };
      }
    }),
  );
}
