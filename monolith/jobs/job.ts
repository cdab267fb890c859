import type { FastifyBaseLogger } from 'fastify';
import { isRefusal } from '../ownership/refusal.ts';
import type { Group, OwnerOf } from '../ownership/owner.ts';

export interface Job {
  name: string;
  group: Group;
  everyMs: number;
  run: (signal: AbortSignal) => Promise<unknown>;
}

/**
 * Runs a job again and again, one run at a time, and only while the monolith owns the group's tables: where they have
 * moved, so has the job. A run that the guard refuses half-way lost a race with such a move; the next one asks again.
 */
export function startJob(job: Job, ownerOf: OwnerOf, log: FastifyBaseLogger): { stop: () => Promise<void> } {
  const stopping = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let running = Promise.resolve();

  const once = async (): Promise<void> => {
    try {
      if ((await ownerOf(job.group)) === 'legacy') await job.run(stopping.signal);
    } catch (error) {
      if (isRefusal(error)) log.info({ job: job.name }, 'the group has moved; the job rests');
      else log.error({ err: error, job: job.name }, 'the job failed; it runs again');
    }
    schedule();
  };
  const schedule = () => {
    if (stopping.signal.aborted) return;
    timer = setTimeout(() => {
      running = once();
    }, job.everyMs);
  };
  running = once();

  return {
    stop: async () => {
      stopping.abort();
      clearTimeout(timer);
      await running;
    },
  };
}
