/** Where a group stands. The order is the usual way through; `abort` and `rollback` lead back. */
export const phases = ['legacy', 'syncing', 'shadow', 'canary', 'migrated', 'retired'] as const;
export type Phase = (typeof phases)[number];

/** The one side that may write a group's tables. */
export type Owner = 'legacy' | 'service';
export type Side = Owner;

/** `forward` runs from legacy to service, `reverse` from service to legacy. */
export const directions = ['forward', 'reverse'] as const;
export type Direction = (typeof directions)[number];

export const transitionKinds = ['sync', 'shadow', 'canary', 'switch', 'rollback', 'retire', 'abort'] as const;
export type TransitionKind = (typeof transitionKinds)[number];

interface Rule {
  from: readonly Phase[];
  to: Phase;
}

/** The whole transition table. A pair that is not here cannot be asked for. */
const rules: Record<TransitionKind, Rule> = {
  sync: { from: ['legacy'], to: 'syncing' },
  shadow: { from: ['syncing', 'canary'], to: 'shadow' },
  canary: { from: ['shadow', 'canary'], to: 'canary' },
  switch: { from: ['shadow', 'canary'], to: 'migrated' },
  rollback: { from: ['migrated'], to: 'shadow' },
  retire: { from: ['migrated'], to: 'retired' },
  abort: { from: ['syncing', 'shadow', 'canary'], to: 'legacy' },
};

/** The phase that `kind` leads to from `phase`, or undefined where the table has no such move. */
export function nextPhase(phase: Phase, kind: TransitionKind): Phase | undefined {
  const rule = rules[kind];
  return rule.from.includes(phase) ? rule.to : undefined;
}

export function transitionsFrom(phase: Phase): TransitionKind[] {
  return transitionKinds.filter((kind) => rules[kind].from.includes(phase));
}

/** Who may write in a phase. Ownership in the databases is the truth; this is what it must agree with at rest. */
export function ownerIn(phase: Phase): Owner {
  return phase === 'migrated' || phase === 'retired' ? 'service' : 'legacy';
}

export function otherSide(side: Side): Side {
  return side === 'legacy' ? 'service' : 'legacy';
}

/** The side whose database a direction captures. */
export function sourceSide(direction: Direction): Side {
  return direction === 'forward' ? 'legacy' : 'service';
}

/** True while a group's slots, publications and guard are to exist. */
export function isSynced(phase: Phase): boolean {
  return phase !== 'legacy' && phase !== 'retired';
}
