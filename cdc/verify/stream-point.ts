import { setTimeout as delay } from 'node:timers/promises';
import { MatapaloError } from '#kernel/errors.ts';
import { beat, isApplied } from '#guard/ownership.ts';
import type { LiveSides } from './sides.ts';

/**
 * Writes a beat at the owner and waits until the other side has applied it: whatever was committed before the call is
 * there then. Throws `unavailable` when the stream does not get that far.
 */
export async function passStream(
  group: string,
  live: LiveSides,
  signal: AbortSignal,
  timeoutMs: number,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  const wanted = await beat(live.ownerPool, group);
  if (wanted === undefined) {
    throw new MatapaloError('illegal-transition', `Group ${group} has no beat row.`, {
      hint: 'Run `matapalo doctor`.',
    });
  }
  for (let pauseMs = 2; ; pauseMs = Math.min(50, pauseMs * 1.5)) {
    signal.throwIfAborted();
    if (await isApplied(live.copyPool, group, live.direction, wanted)) return;
    if (Date.now() > deadline) {
      throw new MatapaloError(
        'unavailable',
        `The ${live.direction} stream of group ${group} does not advance.`,
        {
          hint: '`matapalo lag` shows where it stands; verification needs it running.',
        },
      );
    }
    await delay(pauseMs);
  }
}
