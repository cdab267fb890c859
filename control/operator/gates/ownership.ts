import { readOwnership, type Ownership } from '#guard/ownership.ts';
import { ownerIn, type Owner, type Side } from '#plan/phase.ts';
import { guardDrift } from '#preflight/ddl-watch.ts';
import { identityChange, readIdentity, rememberedIdentity } from '../identity.ts';
import { met, unmet, type Gate } from './gate.ts';

export interface OwnershipEvidence {
  owner: Owner;
  epoch: bigint;
  legacy: Ownership | undefined;
  service: Ownership | undefined;
}

/** Both rows must say what the routes say; anything else is a restored backup or a hand. Pure. */
export function judgeOwnership(e: OwnershipEvidence, group: string) {
  const faults: string[] = [];
  for (const side of ['legacy', 'service'] as const) {
    const row = e[side];
    if (row === undefined) faults.push(`${side} has no ownership row`);
    else if (row.side !== side) faults.push(`the database of ${side} is marked as ${row.side}`);
    else if (row.owner !== e.owner || row.epoch !== e.epoch)
      faults.push(`${side} says ${row.owner} at epoch ${row.epoch}`);
  }
  return faults.length === 0
    ? met(`both sides say ${e.owner} at epoch ${e.epoch}`)
    : unmet(
        `${faults.join('; ')}; the routes say ${e.owner} at epoch ${e.epoch}`,
        `matapalo doctor ${group}`,
      );
}

export const ownershipGate: Gate = {
  name: 'ownership',
  kinds: ['shadow', 'canary', 'switch', 'rollback', 'retire'],
  check: async ({ op, group, state }) => {
    const [legacy, service] = await Promise.all([
      readOwnership(op.databases.of(group, 'legacy'), group.name),
      readOwnership(op.databases.of(group, 'service'), group.name),
    ]);
    return judgeOwnership({ owner: ownerIn(state.phase), epoch: state.epoch, legacy, service }, group.name);
  },
};

const sides: readonly Side[] = ['legacy', 'service'];

export const guardGate: Gate = {
  name: 'guard',
  kinds: ['shadow', 'canary', 'switch', 'rollback', 'retire'],
  check: async ({ op, group }) => {
    const gaps: string[] = [];
    for (const side of sides) {
      const found = await guardDrift(op.databases.of(group, side), group, side);
      gaps.push(...found.map((gap) => `${side} ${gap}`));
    }
    return gaps.length === 0
      ? met('every guard trigger stands, ENABLE ALWAYS, on both sides')
      : unmet(
          gaps.join('; '),
          `Find who changed the triggers, then: matapalo abort ${group.name}, or enable them again.`,
        );
  },
};

export const identityGate: Gate = {
  name: 'identity',
  kinds: ['shadow', 'canary', 'switch', 'rollback', 'retire'],
  check: async ({ op, group }) => {
    const changes: string[] = [];
    for (const side of sides) {
      const change = identityChange(
        await rememberedIdentity(op.control, group.name, side),
        await readIdentity(op.databases.of(group, side)),
      );
      if (change !== undefined) changes.push(`${side}: ${change}`);
    }
    return changes.length === 0
      ? met('both databases are those of the sync, on the same timeline')
      : unmet(
          `${changes.join('; ')}: restored or failed over, so writes may be missing`,
          `matapalo resync ${group.name}`,
        );
  },
};
