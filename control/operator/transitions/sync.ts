import { describeError } from '#kernel/errors.ts';
import { installGuard, uninstallGuard } from '#guard/install.ts';
import { moveOwnership, readOwnership } from '#guard/ownership.ts';
import type { Side } from '#plan/phase.ts';
import { rememberIdentity } from '../identity.ts';
import { publish, step, type Run } from './run.ts';

const sides: readonly Side[] = ['legacy', 'service'];

/**
 * Puts the guard on both sides, both owned by legacy at one epoch above all that was ever used, then publishes `syncing`:
 * the cdc worker does the rest. Every part may be repeated, so a successor simply begins again.
 */
export async function sync(run: Run): Promise<void> {
  const { op, group, transition, term } = run;
  const epoch = transition.fromEpoch + 1n;
  try {
    for (const side of sides) {
      await step(run, `guard-${side}`, { epoch: epoch.toString() });
      const pool = op.databases.of(group, side);
      await installGuard(pool, group, side, 'legacy', epoch);
      const row = await readOwnership(pool, group.name);
      // Left by an earlier sync whose guard stayed: brought to this epoch, through the fence like any move.
      if (row && row.epoch !== epoch && row.epoch < epoch) {
        await moveOwnership(pool, group.name, {
          from: row,
          to: { owner: 'legacy', epoch },
          timeoutMs: 30_000,
          signal: term.signal,
        });
      }
      await rememberIdentity(op.control, op.databases.of(group, side), group.name, side);
    }
    await step(run, 'publishing');
  } catch (error) {
    await undoSync(run, error);
    return;
  }
  await publish(run, 'done', { phase: 'syncing', epoch, holding: null, canaryPercent: 0 }, { state: 'done' });
}

/** Nothing was published yet: the guard goes again, where it can be reached. */
async function undoSync(run: Run, cause: unknown): Promise<void> {
  const { op, group, transition, term } = run;
  if (!op.lead.leads(term.term)) return;
  op.log.warn({ err: cause, group: group.name }, 'undoing sync');
  for (const side of sides) {
    await uninstallGuard(op.databases.of(group, side), group, side).catch((error: unknown) =>
      op.log.error({ err: error, group: group.name, side }, 'the guard could not be taken away again'),
    );
  }
  await publish(
    run,
    'undone',
    { phase: transition.fromPhase, epoch: transition.fromEpoch + 1n },
    { state: 'undone', reason: describeError(cause) },
  );
}
