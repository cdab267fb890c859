import { describeError } from '#kernel/errors.ts';
import type { Log } from '#kernel/log.ts';
import { refusedWith } from './rules/refusal.ts';

export interface Job {
  name: string;
  everyMs: number;
  run: (signal: AbortSignal) => Promise<void>;
}

/** Runs a job again and again, one run at a time; returns what stops it and waits for the run in hand. */
export function startJob({ name, everyMs, run }: Job, log: Log): () => Promise<void> {
  const stopping = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const turn = async (): Promise<void> => {
    try {
      await run(stopping.signal);
    } catch (error) {
      // Ownership moved during the run: the next one sees it.
      if (!refusedWith(error, 'not-owner'))
        log.warn({ err: error, job: name }, `the job failed, and runs again: ${describeError(error)}`);
    }
    if (stopping.signal.aborted) return;
    timer = setTimeout(() => {
      running = turn();
    }, everyMs);
    timer.unref();
  };
  let running = turn();
  return async () => {
    stopping.abort();
    clearTimeout(timer);
    await running;
  };
}
