import type { RoutePlan } from '#plan/compile.ts';
import type { Side } from '#plan/phase.ts';
import type { GroupEntry, Hold } from '../route-table/table.ts';
import { inCanary } from './bucket.ts';

/** What a decision may depend on beside the table. Costly facts are asked for only where a phase needs them. */
export interface RequestFacts {
  /** Stable key of the client. */
  client(): string;
  /** True while the client may have written something that the service has not applied. Unknown counts as true. */
  isPinned(): boolean;
  /** A side that an operator's signed header asks for. */
  forced(): Side | undefined;
  /** True when the request is made on behalf of one that this hold still drains. */
  isDraining(hold: Hold): boolean;
}

export interface Decision {
  side: Side;
  /** The write waits for this transition; `side` is then void. */
  hold: Hold | undefined;
  /** A copy goes to the service once the client has its answer. */
  shadow: boolean;
}

const toLegacy: Decision = { side: 'legacy', hold: undefined, shadow: false };
const toService: Decision = { side: 'service', hold: undefined, shadow: false };
const toLegacyShadowed: Decision = { side: 'legacy', hold: undefined, shadow: true };

/**
 * Where a request goes. Pure: the same route, group and facts give the same answer. Writes go to the owner or wait;
 * reads go to the owner unless the phase lets another side answer and nothing speaks against it.
 */
export function decide(
  route: RoutePlan | undefined,
  group: GroupEntry | undefined,
  facts: RequestFacts,
): Decision {
  if (route === undefined || group === undefined) return toLegacy;
  if (route.writes) {
    for (const hold of group.heldBy) {
      if (!facts.isDraining(hold)) return { side: group.owner, hold, shadow: false };
    }
    return group.owner === 'legacy' ? toLegacy : toService;
  }
  switch (group.phase) {
    case 'legacy':
    case 'syncing':
      return toLegacy;
    case 'retired':
      return toService;
    case 'migrated':
      return facts.forced() === 'legacy' ? toLegacy : toService;
    case 'shadow':
    case 'canary':
      return decideRead(route, group, facts);
  }
}

function decideRead(route: RoutePlan, group: GroupEntry, facts: RequestFacts): Decision {
  const forced = facts.forced();
  if (forced === 'service') return toService;
  if (forced === undefined && inCanary(() => facts.client(), group.canaryPercent) && !facts.isPinned())
    return toService;
  return route.shadow === undefined ? toLegacy : toLegacyShadowed;
}
