import type { GroupPlan, Plan, RoutePlan } from '#plan/compile.ts';
import { ownerIn, type Owner, type Phase } from '#plan/phase.ts';
import type { GroupState, RouteSnapshot } from '#plan/store/groups.ts';
import type { Matcher } from './matcher.ts';

/** All that routing depends on, of one version. Immutable; a new version replaces it whole. */
export interface RouteTable {
  readonly version: bigint;
  /** Nothing may be sent to the monolith any more. */
  readonly decommissioned: boolean;
  readonly groups: ReadonlyMap<string, GroupEntry>;
  /** Transitions that hold writes now. */
  readonly holds: readonly Hold[];
  /** Groups whose service may lag behind a write through this proxy. */
  readonly lagging: readonly string[];
  match(method: string, path: string): RoutePlan | undefined;
}

export interface GroupEntry {
  readonly name: string;
  readonly phase: Phase;
  readonly owner: Owner;
  readonly epoch: bigint;
  /** Value of the epoch header: `group=epoch`, because callers hand it on to calls of other groups. */
  readonly epochHeader: string;
  readonly canaryPercent: number;
  /** Holds that its writes wait for: its own, and those of groups that name it as a writer. */
  readonly heldBy: readonly Hold[];
  /** Groups in sync towards the service whose tables its writes may touch. */
  readonly touches: readonly string[];
  readonly plan: GroupPlan;
}

export interface Hold {
  readonly transition: string;
  readonly group: string;
  /** The group and its writers: what is held and drained. */
  readonly affected: readonly string[];
  readonly maxHeld: number;
  readonly maxHoldMs: number;
}

const laggingPhases = new Set<Phase>(['syncing', 'shadow', 'canary']);

/** A group that the control database does not know yet stands at `legacy`; one that the plan does not know is ignored. */
export function buildTable(plan: Plan, matcher: Matcher, snapshot: RouteSnapshot): RouteTable {
  const states = new Map(snapshot.groups.map((state) => [state.name, state]));
  const holds: Hold[] = [];
  for (const group of plan.groups.values()) {
    const transition = states.get(group.name)?.holding;
    if (transition === undefined) continue;
    holds.push({
      transition,
      group: group.name,
      affected: [...new Set([group.name, ...group.writers])],
      maxHeld: group.limits.maxHeld,
      maxHoldMs: group.limits.maxHoldMs,
    });
  }
  const isLagging = (name: string) => laggingPhases.has(states.get(name)?.phase ?? 'legacy');
  const names = [...plan.groups.keys()];
  const groups = new Map<string, GroupEntry>();
  for (const group of plan.groups.values()) {
    const state: GroupState | undefined = states.get(group.name);
    const phase = state?.phase ?? 'legacy';
    const epoch = state?.epoch ?? 0n;
    groups.set(group.name, {
      name: group.name,
      phase,
      owner: ownerIn(phase),
      epoch,
      epochHeader: `${group.name}=${epoch}`,
      canaryPercent: phase === 'canary' ? (state?.canaryPercent ?? 0) : 0,
      heldBy: holds.filter((hold) => hold.affected.includes(group.name)),
      touches: names.filter(
        (name) =>
          isLagging(name) &&
          (name === group.name || plan.groups.get(name)?.writers.includes(group.name) === true),
      ),
      plan: group,
    });
  }
  return {
    version: snapshot.version,
    decommissioned: snapshot.decommissioned ?? false,
    groups,
    holds,
    lagging: names.filter(isLagging),
    match: (method, path) => matcher.match(method, path),
  };
}
