import { MatapaloError } from '#kernel/errors.ts';
import { setStopped } from '#plan/store/groups.ts';
import { readProgress } from '#plan/store/progress.ts';
import type { PoisonEvent } from '../apply/apply-batch.ts';
import { skipChange } from '../apply/checkpoint.ts';
import type { JobContext } from './job-context.ts';

/**
 * Passes over the one change that stopped the group. Args: `direction` and `position: {major, minor}`, as
 * `progress.error` has them: another position is refused, so that nobody skips what they have not seen.
 */
export async function skip(ctx: JobContext): Promise<unknown> {
  const { control, group, legacy, service, args } = ctx;
  const stopped = (await readProgress(control, group.name)).filter(
    (row) => row.state === 'stopped' && row.error?.['position'] !== undefined,
  );
  const wanted = args['position'] as PoisonEvent['position'] | undefined;
  const row = stopped.find(
    (candidate) => args['direction'] === undefined || args['direction'] === candidate.direction,
  );
  const error = row?.error as (PoisonEvent & Record<string, unknown>) | undefined;
  if (row === undefined || error === undefined) {
    throw new MatapaloError('conflict', `No change of group ${group.name} waits to be skipped.`, {
      hint: 'Look at `matapalo status`.',
    });
  }
  const { position } = error;
  if (
    wanted !== undefined &&
    (String(wanted.major) !== position.major || Number(wanted.minor) !== position.minor)
  ) {
    throw new MatapaloError(
      'conflict',
      `The group is stopped at ${position.major}/${position.minor}, not at ${wanted.major}/${wanted.minor}.`,
      { hint: 'Look at `matapalo status` again: another change is in the way now.' },
    );
  }
  const target = row.direction === 'forward' ? service : legacy;
  await skipChange(target, group.name, row.direction, {
    major: BigInt(position.major),
    minor: position.minor,
  });
  await setStopped(control, group.name, undefined);
  return { direction: row.direction, position, event: error.event };
}
