import type { GroupPlan } from '#plan/compile.ts';
import { syncName } from '#plan/names.ts';
import type { TransitionKind } from '#plan/phase.ts';

/** The numbered steps of a dry run, in words. Pure. */
export function stepsOf(kind: TransitionKind, group: GroupPlan, canaryPercent?: number): string[] {
  const tables = (side: 'legacy' | 'service') =>
    [...new Set(group.tables.map((table) => table[side].name))].join(', ');
  const held = [group.name, ...group.writers].join(', ');
  const moves = (from: 'legacy' | 'service', to: 'legacy' | 'service', phase: string) => [
    `Every proxy holds new writes of ${held} (at most ${group.limits.maxHeld} for ${group.limits.maxHoldMs} ms) and ends those in flight.`,
    `Close ${from}: writes to ${tables(from)} are refused by the database from here on.`,
    `Wait until the last write of ${from} has been applied in ${to} (at most ${group.limits.catchUpTimeoutMs} ms).`,
    `Raise the sequences of ${to} past those of ${from}.`,
    `Open ${to}: it alone may write ${tables(to)}. Up to here all is undone by itself on failure; from here on it is finished.`,
    `Publish the routes (phase ${phase}); the proxies release what they hold to ${to}.`,
  ];
  switch (kind) {
    case 'sync':
      return [
        `Put the guard on ${tables('legacy')} in the monolith's database; legacy stays the owner.`,
        `Put the guard on ${tables('service')} in the database of ${group.service.name}; it may not write yet.`,
        `Publish phase syncing: the cdc worker makes ${syncName(group.name, 'forward')} and ${syncName(group.name, 'reverse')} (slots, publications, origins), copies, then streams.`,
      ];
    case 'shadow':
      return [
        `Publish phase shadow: reads are answered by the monolith; copies go to ${group.service.url} and are compared.`,
      ];
    case 'canary':
      return [
        `Publish phase canary: ${canaryPercent ?? 'N'} % of the clients read from ${group.service.url}; writes stay with the monolith.`,
      ];
    case 'switch':
      return moves('legacy', 'service', 'migrated');
    case 'rollback':
      return moves('service', 'legacy', 'shadow');
    case 'retire':
      return [
        'Publish phase retired: the service stays the owner; there is no way back by rollback.',
        `The cdc worker drops slots, publications and origins of ${group.name}.`,
        `Remove the guard from ${tables('service')}; it stays on ${tables('legacy')}, which stay closed.`,
      ];
    case 'abort':
      return [
        'Publish phase legacy: all requests go to the monolith.',
        `The cdc worker drops slots, publications and origins of ${group.name}.`,
        `Empty ${tables('service')} where the tool had filled them.`,
        'Remove the guard from both sides.',
      ];
  }
}
