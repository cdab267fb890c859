import { moveOwnership } from '#guard/ownership.ts';
import { otherSide, ownerIn, type Direction } from '#plan/phase.ts';
import { waitApplied, waitStandbys } from './catch-up.ts';
import { waitDrained } from './drain.ts';
import { finishHandover } from './finish-handover.ts';
import { pairSequences } from './pair-sequences.ts';
import { rowsOf, type Handover } from './rows.ts';
import { publish, step, type Run } from './run.ts';
import { raiseSequences } from './sequences.ts';
import { undoHandover } from './undo-handover.ts';

/** The steps of a switch or a rollback, in order; each is journaled before its act. */
export const handoverSteps = [
  'begin',
  'hold',
  'holding',
  'drained',
  'closing',
  'closed',
  'caught-up',
  'sequences',
  'opening',
  'opened',
  'publishing',
  'published',
  'done',
] as const;

export function handoverOf(run: Run): Handover {
  const from = ownerIn(run.transition.fromPhase);
  return { from, to: otherSide(from), epoch: run.transition.fromEpoch };
}

/**
 * Moves ownership of a group, fenced: hold and drain at the proxies, close the source, wait for its last beat on the
 * target, raise sequences, open the target, publish. The source closes before the target opens: both are never writable.
 * Whatever fails before the target is open is undone; after that there is only forward.
 */
export async function handOver(run: Run): Promise<void> {
  const { op, group, transition } = run;
  const handover = handoverOf(run);
  const { begun, moved } = rowsOf(handover);
  const direction: Direction = handover.from === 'legacy' ? 'forward' : 'reverse';
  const source = op.databases.of(group, handover.from);
  const target = op.databases.of(group, handover.to);
  let heldRequests = 0;
  try {
    // Everything slow happens before anybody waits: connections, catalogs.
    const pairs = await pairSequences(
      group,
      op.databases.of(group, 'legacy'),
      op.databases.of(group, 'service'),
    );
    await Promise.all(
      [source, target, op.steps, op.control].flatMap((pool) => [
        pool.query('select 1'),
        pool.query('select 1'),
      ]),
    );
    await step(run, 'hold', {}, true);
    await publish(run, 'holding', { holding: transition.id });
    await waitDrained(run);
    await step(run, ['drained', 'closing']);
    const beat = await moveOwnership(source, group.name, {
      from: begun,
      to: moved,
      timeoutMs: group.limits.drainTimeoutMs,
      signal: run.term.signal,
    });
    await step(run, 'closed', { n: beat.n.toString(), epoch: beat.epoch.toString() });
    await Promise.all([waitStandbys(run, source), waitApplied(run, target, direction, beat)]);
    await step(run, ['caught-up', 'sequences']);
    [heldRequests] = await Promise.all([
      countHeld(run),
      raiseSequences(source, target, pairs, handover.from),
    ]);
    await step(run, 'opening');
    await moveOwnership(target, group.name, {
      from: begun,
      to: moved,
      timeoutMs: group.limits.catchUpTimeoutMs,
      signal: run.term.signal,
    });
    await step(run, ['opened', 'publishing']);
  } catch (error) {
    return undoHandover(run, handover, error);
  }
  await finishHandover(run, heldRequests);
}

async function countHeld(run: Run): Promise<number> {
  const { rows } = await run.op.steps.query<{ held: number }>(
    'select coalesce(sum(held), 0)::int as held from proxy where lease_until > now()',
  );
  return rows[0]?.held ?? 0;
}
