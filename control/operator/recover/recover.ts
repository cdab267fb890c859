import { transaction } from '#kernel/db/pool.ts';
import { requireTerm } from '../journal/journal.ts';
import { readRunning, type Transition } from '../journal/transitions.ts';
import type { Term } from '../lead/lead.ts';
import type { Operator } from '../operator.ts';
import { carryOut } from '../transitions/carry-out.ts';
import { handoverOf } from '../transitions/handover.ts';
import type { Run } from '../transitions/run.ts';
import { undoHandover } from '../transitions/undo-handover.ts';

/**
 * A new leader takes up every transition that its predecessor left running. A handover is finished or undone by both
 * ownership rows; the others are made of parts that may be repeated, and go on from their beginning. The transition is put
 * under our term first: from then on the predecessor's entries are refused.
 */
export async function recover(op: Operator, term: Term): Promise<void> {
  const running = await transaction(op.control, async (client) => {
    await requireTerm(client, term.term);
    const running = await readRunning(client);
    for (const transition of running) {
      await client.query('update transition set term = $2 where id = $1', [
        transition.id,
        term.term.toString(),
      ]);
    }
    return running;
  });
  for (const transition of running) {
    if (!op.plan.groups.has(transition.group)) {
      op.log.error(
        { group: transition.group, transition: transition.id },
        'a transition is running for a group that the config no longer has; put the group back to have it ended',
      );
      continue;
    }
    op.log.warn(
      { group: transition.group, transition: transition.id, kind: transition.kind },
      'taking up a transition',
    );
    carryOut(op, transition, term, isHandover(transition) ? endHandover : undefined);
  }
}

function isHandover(transition: Transition): boolean {
  return transition.kind === 'switch' || transition.kind === 'rollback';
}

async function endHandover(run: Run): Promise<void> {
  await undoHandover(run, handoverOf(run), new Error('The operator that ran it ended before it did.'));
}
