import { describeError, errorCodeOf } from '#kernel/errors.ts';
import { moveOwnership, readOwnership } from '#guard/ownership.ts';
import type { GroupPlan } from '#plan/compile.ts';
import { isSynced, ownerIn, type Side } from '#plan/phase.ts';
import { readGroup, setStopped, type GroupState } from '#plan/store/groups.ts';
import type { Operator } from './operator.ts';

const sides: readonly Side[] = ['legacy', 'service'];

/**
 * A database that was restored, or failed over to a standby that had not heard of the close, believes in an older owner: both
 * sides would be writable. Rows are always moved before the routes are published, so a row behind the published epoch can
 * only be that. The side is closed at once, and the group is stopped for a person to look.
 */
export async function watchOwnership(op: Operator): Promise<void> {
  for (const group of op.plan.groups.values()) {
    try {
      // Read before the rows: those can only be ahead of it, never behind.
      const state = await readGroup(op.control, group.name);
      if (state === undefined || !(isSynced(state.phase) || state.phase === 'retired')) continue;
      for (const side of sides) await checkSide(op, group, side, state);
    } catch (error) {
      // After `uninstall` nothing is left to be checked.
      if (errorCodeOf(error) === '42P01' && !(await stillSynced(op, group))) continue;
      op.log.warn(
        { group: group.name, err: error },
        `ownership could not be checked: ${describeError(error)}`,
      );
    }
  }
}

async function stillSynced(op: Operator, group: GroupPlan): Promise<boolean> {
  const state = await readGroup(op.control, group.name).catch(() => undefined);
  return state !== undefined && isSynced(state.phase);
}

async function checkSide(op: Operator, group: GroupPlan, side: Side, state: GroupState): Promise<void> {
  const db = op.databases.of(group, side);
  const row = await readOwnership(db, group.name);
  if (row === undefined || row.epoch >= state.epoch) return;
  const owner = ownerIn(state.phase);
  const message = `The ownership row of ${side} says ${row.owner} at epoch ${row.epoch}, behind the published ${owner} at epoch ${state.epoch}.`;
  op.log.error({ group: group.name, side }, message);
  // Closing is always safe; opening a side that may have forgotten writes is not ours to do.
  if (row.owner === side && owner !== side) {
    await moveOwnership(db, group.name, {
      from: row,
      to: { owner, epoch: state.epoch },
      timeoutMs: 10_000,
    });
  }
  await setStopped(op.control, group.name, {
    code: 'ownership-behind',
    message,
    hint: `Its database was restored or failed over. Closed. Look for lost writes: \`matapalo resync ${group.name}\`, then \`matapalo verify ${group.name}\`.`,
  });
}
