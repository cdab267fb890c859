import { met, unmet, type Gate } from './gate.ts';

export const stoppedGate: Gate = {
  name: 'not-stopped',
  kinds: ['shadow', 'canary', 'switch', 'rollback', 'retire'],
  check: async ({ state }) =>
    state.stopped === undefined
      ? met('the group is well')
      : unmet(
          `stopped since ${state.stopped.at}: ${state.stopped.message} (${state.stopped.code})`,
          state.stopped.hint,
        ),
};
