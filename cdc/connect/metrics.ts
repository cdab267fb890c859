import { Gauge, type Registry } from '#kernel/metrics.ts';
import type { Direction } from '#plan/phase.ts';
import { keptStates, type KeptState } from './connector-keeper.ts';

/** `matapalo_connector_state`: 1 for the state a connector is in, 0 for the others. */
export class ConnectorMetrics {
  readonly #state: Gauge;

  constructor(registry: Registry) {
    this.#state = new Gauge({
      name: 'matapalo_connector_state',
      help: 'State of the connector of a group and direction: 1 for the present one, 0 for the others.',
      labelNames: ['group', 'direction', 'state'],
      registers: [registry],
    });
  }

  set(group: string, direction: Direction, present: KeptState): void {
    for (const state of keptStates) this.#state.set({ group, direction, state }, state === present ? 1 : 0);
  }

  forget(group: string, direction: Direction): void {
    for (const state of keptStates) this.#state.remove({ group, direction, state });
  }
}
