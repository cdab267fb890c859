import { describeError } from './errors.ts';
import { Refusal } from './http/refusal.ts';
import type { Log } from './log.ts';

export interface Job {
  name: string;
  everyMs: number;
  run: (signal: AbortSignal) => Promise<unknown>;
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
      const moved = error instanceof Refusal && error.code === 'not-owner';
      if (!moved)
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
