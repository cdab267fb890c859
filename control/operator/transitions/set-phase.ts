import { publish, type Run } from './run.ts';

/** shadow and canary: one publication, in the transaction that ends the transition. */
export async function setPhase(run: Run): Promise<void> {
  const { transition } = run;
  const percent = transition.args['canaryPercent'];
  await publish(
    run,
    'done',
    {
      phase: transition.toPhase,
      canaryPercent: transition.kind === 'canary' && typeof percent === 'number' ? percent : 0,
    },
    { state: 'done' },
  );
}
