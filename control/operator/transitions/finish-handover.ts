import { waitAdopted } from './drain.ts';
import { end, publish, step, type Run } from './run.ts';

/** The target is open: publish, wait for the proxies, and write down what it cost. */
export async function finishHandover(run: Run, heldRequests = 0): Promise<void> {
  const { transition } = run;
  // Journaled together with `opened`, unless this goes on where a predecessor stopped.
  if (!run.times.has('publishing')) await step(run, 'publishing');
  const version = await publish(run, 'published', {
    phase: transition.toPhase,
    epoch: transition.fromEpoch + 1n,
    holding: null,
    ...(transition.kind === 'rollback' ? { canaryPercent: 0 } : {}),
  });
  const adopted = await waitAdopted(run, version, 2_000);
  const measured = { ...measure(run.times), heldRequests, adopted };
  await end(run, 'done', 'done', { measured });
  if (measured.pauseMs !== undefined)
    run.op.metrics.pause.observe({ kind: transition.kind }, measured.pauseMs / 1000);
}

/** Durations between the journal's steps. Absent where a predecessor did the earlier part. */
function measure(times: ReadonlyMap<string, number>) {
  const between = (from: string, to: string) => {
    const [a, b] = [times.get(from), times.get(to)];
    return a === undefined || b === undefined ? undefined : Math.round((b - a) * 10) / 10;
  };
  return {
    pauseMs: between('hold', 'published'),
    drainMs: between('holding', 'drained'),
    closeMs: between('closing', 'closed'),
    catchUpMs: between('closed', 'caught-up'),
    sequencesMs: between('sequences', 'opening'),
    openMs: between('opening', 'opened'),
    publishMs: between('publishing', 'published'),
  };
}
