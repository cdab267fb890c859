import { MatapaloError } from '#kernel/errors.ts';
import { beat, type Beat } from '#guard/ownership.ts';
import { databaseOf } from '#plan/compile.ts';
import { syncName } from '#plan/names.ts';
import { directions, type Phase } from '#plan/phase.ts';
import { beginCheckpoint, readCheckpoint } from '../apply/checkpoint.ts';
import { backfillGroup } from '../backfill/backfill-group.ts';
import { ensureOrigin, ensurePublication, ensureSlot, slotState } from '../capture/direct/objects.ts';
import type { SyncContext } from './job-context.ts';

/**
 * Makes what both directions need, and copies what is there: publications, origins, the reverse slot (before the copy: a
 * switch makes none), the forward slot with its snapshot and the backfill. Everything that is there is kept. Returns the
 * beat after which forward has caught up.
 */
export async function prepareSync(
  ctx: SyncContext,
  phase: Phase,
  onBackfill: () => void,
): Promise<Beat | undefined> {
  const { group, legacy, service } = ctx;
  for (const direction of directions) {
    const [source, target] = direction === 'forward' ? [legacy, service] : [service, legacy];
    await ensurePublication(source, group, direction);
    await ensureOrigin(target, syncName(group.name, direction));
  }
  if ((await readCheckpoint(legacy, group.name, 'reverse')) === undefined) {
    refuseLate(phase, group.name, 'reverse');
    const slot = syncName(group.name, 'reverse');
    await ensureSlot(service, slot);
    await beginAtSlot(ctx, 'reverse', slot);
  }
  if ((await readCheckpoint(service, group.name, 'forward')) === undefined) {
    refuseLate(phase, group.name, 'forward');
    onBackfill();
    await backfillGroup(ctx);
    ctx.signal.throwIfAborted();
    await beginAtSlot(ctx, 'forward', syncName(group.name, 'forward'));
  }
  return beat(legacy, group.name);
}

/** Only a group that still lives in the monolith may begin from nothing. */
function refuseLate(phase: Phase, group: string, direction: string): void {
  if (phase !== 'migrated') return;
  throw new MatapaloError('group-stopped', `The checkpoint of ${group} ${direction} is gone.`, {
    hint: 'A database was restored or replaced. Run `matapalo resync` for the group.',
  });
}

/** A slot that nobody has read yet stands where it was made: the stream's first position. */
async function beginAtSlot(ctx: SyncContext, direction: 'forward' | 'reverse', slot: string): Promise<void> {
  const [source, target] = direction === 'forward' ? [ctx.legacy, ctx.service] : [ctx.service, ctx.legacy];
  const state = await slotState(source, slot);
  if (state === undefined) {
    throw new MatapaloError(
      'unavailable',
      `The slot ${slot} vanished from ${databaseName(ctx, direction)}.`,
      {
        hint: 'It is made again at the next attempt.',
      },
    );
  }
  const { position, source: origin } = await ctx.transport.begin(
    { group: ctx.group, direction },
    state.confirmedFlush,
  );
  await beginCheckpoint(target, ctx.group.name, direction, position, origin);
}

function databaseName(ctx: SyncContext, direction: 'forward' | 'reverse'): string {
  const url = new URL(databaseOf(ctx.group, direction === 'forward' ? 'legacy' : 'service'));
  return `${url.hostname}${url.pathname}`;
}
