import { syncName } from '#plan/names.ts';
import { directions, sourceSide } from '#plan/phase.ts';
import { met, unmet, type Gate } from './gate.ts';

export interface SlotEvidence {
  name: string;
  found: boolean;
  active: boolean;
  /** `reserved`, `extended`, `unreserved` or `lost`. */
  walStatus: string | undefined;
}

/** Pure. */
export function judgeSlots(slots: readonly SlotEvidence[], group: string) {
  const faults = slots.flatMap((slot) => {
    if (!slot.found) return [`${slot.name} does not exist`];
    if (slot.walStatus === 'lost') return [`${slot.name} has lost its WAL`];
    if (slot.walStatus === 'unreserved') return [`${slot.name} is about to lose its WAL`];
    return slot.active ? [] : [`${slot.name} is not being read`];
  });
  if (faults.length === 0) return met(`${slots.map((slot) => slot.name).join(', ')} are read`);
  const lost = slots.some((slot) => !slot.found || slot.walStatus === 'lost');
  return unmet(faults.join('; '), lost ? `matapalo resync ${group}` : 'Start the cdc worker.');
}

export const slotsGate: Gate = {
  name: 'slots',
  kinds: ['canary', 'switch', 'rollback'],
  check: async ({ op, group }) => {
    const slots: SlotEvidence[] = [];
    for (const direction of directions) {
      const name = syncName(group.name, direction);
      const { rows } = await op.databases
        .of(group, sourceSide(direction))
        .query<{ active: boolean; status: string | null }>(
          'select active, wal_status as status from pg_replication_slots where slot_name = $1',
          [name],
        );
      const row = rows[0];
      slots.push({
        name,
        found: row !== undefined,
        active: row?.active ?? false,
        walStatus: row?.status ?? undefined,
      });
    }
    return judgeSlots(slots, group.name);
  },
};
