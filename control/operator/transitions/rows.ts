import type { Ownership } from '#guard/ownership.ts';
import type { Owner } from '#plan/phase.ts';

/** An ownership row as the rules see it. */
export type OwnershipRow = Pick<Ownership, 'owner' | 'epoch'>;

/** A handover moves ownership from one side to the other, starting at an epoch at which both rows agree. */
export interface Handover {
  from: Owner;
  to: Owner;
  epoch: bigint;
}

/**
 * The three rows that a handover knows. `closed` is also what the open target says; `restored` ends an undo on both sides.
 * The order that keeps two owners out: forward, the source is moved `begun -> moved` before the target is; undoing, the
 * target is moved `begun -> restored` before the source is moved back. Each move is a compare-and-set, so that whoever was
 * paused in between finds a row it does not expect. Undoing the source alone, or fencing the target alone, both let a
 * paused operator make a second owner.
 */
export function rowsOf(handover: Handover): Record<'begun' | 'moved' | 'restored', OwnershipRow> {
  return {
    begun: { owner: handover.from, epoch: handover.epoch },
    moved: { owner: handover.to, epoch: handover.epoch + 1n },
    restored: { owner: handover.from, epoch: handover.epoch + 2n },
  };
}

export type UndoStep =
  | { act: 'finish' }
  | { act: 'fence-target'; expect: OwnershipRow; set: OwnershipRow }
  | { act: 'reopen-source'; expect: OwnershipRow; set: OwnershipRow }
  | { act: 'restored' }
  | { act: 'foreign'; side: 'source' | 'target'; row: OwnershipRow | undefined };

/** The next thing that brings an unfinished handover to an end, judged from the target's row alone, then from the source's. Pure. */
export function nextUndoStep(
  handover: Handover,
  target: OwnershipRow | undefined,
  source: OwnershipRow | undefined,
): UndoStep {
  const { begun, moved, restored } = rowsOf(handover);
  if (same(target, moved)) return { act: 'finish' };
  if (same(target, begun)) return { act: 'fence-target', expect: begun, set: restored };
  if (!same(target, restored)) return { act: 'foreign', side: 'target', row: target };
  if (same(source, restored)) return { act: 'restored' };
  if (same(source, moved)) return { act: 'reopen-source', expect: moved, set: restored };
  if (same(source, begun)) return { act: 'reopen-source', expect: begun, set: restored };
  return { act: 'foreign', side: 'source', row: source };
}

export function same(a: OwnershipRow | undefined, b: OwnershipRow): boolean {
  return a?.owner === b.owner && a.epoch === b.epoch;
}
