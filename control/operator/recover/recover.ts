import { setTimeout as delay } from 'node:timers/promises';
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
  for (let attempt = 0; op.lead.leads(term.term); attempt++) {
    try {
      return await takeUp(op, term);
    } catch (error) {
      op.log.error({ err: error }, 'what was left running could not be taken up; trying again');
      await delay(Math.min(2_000, 100 * 2 ** Math.min(attempt, 5)));
    }
  }
}

async function takeUp(op: Operator, term: Term): Promise<void> {
  const running = await transaction(op.control, async (client) => {
    await requireTerm(client, term.term);
    // Those of our own term are ours already: a request may have begun one before we came here.
    const running = await readRunning(client, term.term);
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
