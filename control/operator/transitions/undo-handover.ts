import { setTimeout as delay } from 'node:timers/promises';
import { describeError, MatapaloError } from '#kernel/errors.ts';
import { moveOwnership, readOwnership } from '#guard/ownership.ts';
import { setStopped } from '#plan/store/groups.ts';
import { finishHandover } from './finish-handover.ts';
import { nextUndoStep, rowsOf, type Handover } from './rows.ts';
import { publish, step, type Run } from './run.ts';

/**
 * Brings an unfinished handover to an end, by both ownership rows and not by memory: undone while the target was not
 * opened, finished when it was. A database that cannot be reached keeps the group closed, and is tried again for as long
 * as this operator leads. When it no longer leads it touches nothing: the next leader does the same from the same rows.
 */
export async function undoHandover(run: Run, handover: Handover, cause: unknown): Promise<void> {
  const { op, group, transition, term } = run;
  const reason = describeError(cause);
  const log = op.log.child({ group: group.name, transition: transition.id });
  if (!op.lead.leads(term.term)) {
    log.warn(
      { err: cause },
      'stopped in the middle of a transition: another operator leads, and will end it',
    );
    return;
  }
  log.warn({ err: cause }, `undoing ${transition.kind}`);
  const source = op.databases.of(group, handover.from);
  const target = op.databases.of(group, handover.to);
  let told = false;
  for (let attempt = 0; op.lead.leads(term.term); attempt++) {
    try {
      if (!told) await step(run, 'undoing', { reason }, true);
      told = true;
      const done = await undoOnce();
      if (done) return;
      attempt = 0;
    } catch (error) {
      // The control database knows of a newer term before we do.
      if (error instanceof MatapaloError && error.code === 'not-leader') break;
      log.error(
        { err: error, attempt },
        'the transition cannot be ended yet: the group stays closed; trying again',
      );
      await delay(Math.min(2_000, 50 * 2 ** Math.min(attempt, 6)), undefined, { signal: term.signal }).catch(
        () => undefined,
      );
    }
  }
  log.warn('lost the lead while undoing: the next leader goes on');

  /** One step by the rows as they are now; true when nothing is left to do. */
  async function undoOnce(): Promise<boolean> {
    const targetRow = await readOwnership(target, group.name);
    // The source is only looked at when it matters: a target that is open, or not fenced yet, decides alone.
    const settled = targetRow?.epoch === rowsOf(handover).restored.epoch;
    const sourceRow = settled ? await readOwnership(source, group.name) : undefined;
    const next = nextUndoStep(handover, targetRow, sourceRow);
    switch (next.act) {
      case 'finish':
        await finishHandover(run);
        return true;
      case 'restored':
        await publish(
          run,
          'undone',
          { phase: transition.fromPhase, epoch: rowsOf(handover).restored.epoch, holding: null },
          { state: 'undone', reason },
        );
        return true;
      case 'foreign':
        await stopForeign(next.side, next.row);
        return true;
      default: {
        const [pool, name] =
          next.act === 'fence-target' ? ([target, 'fencing'] as const) : ([source, 'reopening'] as const);
        await step(run, name, { epoch: next.set.epoch.toString() });
        await moveOwnership(pool, group.name, {
          from: next.expect,
          to: next.set,
          timeoutMs: 10_000,
          signal: term.signal,
        });
        return false;
      }
    }
  }

  /** A row that no step of this handover writes: a restored backup, or a hand. The guard decides; a person must look. */
  async function stopForeign(side: string, row: { owner: string; epoch: bigint } | undefined): Promise<void> {
    const found = row ? `${row.owner} at epoch ${row.epoch}` : 'no row';
    const message = `The ${side}'s ownership row says ${found}, which no step of this ${transition.kind} wrote.`;
    await setStopped(op.control, group.name, {
      code: 'ownership-foreign',
      message,
      hint: 'A database was restored, failed over, or edited by hand. `matapalo doctor` shows both rows.',
    });
    await publish(run, 'failed', { holding: null }, { state: 'failed', reason: `${message} (${reason})` });
  }
}
