import type pg from 'pg';
import { describeError, MatapaloError } from '#kernel/errors.ts';
import type { Log } from '#kernel/log.ts';
import { channels } from '#plan/names.ts';
import type { JobContext, JobHandler } from './job-context.ts';

export const jobKinds = ['verify', 'repair', 'skip', 'resync'] as const;
export type JobKind = (typeof jobKinds)[number];
export type JobHandlers = Partial<Readonly<Record<JobKind, JobHandler>>>;

interface Job {
  id: string;
  kind: JobKind;
  args: Record<string, unknown>;
}

/** A leader that died left its jobs running; all handlers may be begun again. */
export async function requeueJobs(control: pg.Pool, group: string): Promise<void> {
  await control.query(`update job set state = 'queued' where group_name = $1 and state = 'running'`, [group]);
}

/** Takes the group's oldest queued job; `skip` goes before what takes long. Undefined where there is none. */
export async function claimJob(control: pg.Pool, group: string): Promise<Job | undefined> {
  const { rows } = await control.query<Job>(
    `update job set state = 'running', started_at = clock_timestamp()
      where id = (select id from job where group_name = $1 and state = 'queued'
                   order by kind <> 'skip', created_at limit 1 for update skip locked)
      returning id, kind, args`,
    [group],
  );
  return rows[0];
}

/**
 * Runs a job and stores its outcome. A worker that stops meanwhile leaves it queued for the next; one that no longer leads
 * leaves it alone, because its successor has begun it anew.
 */
export async function runJob(
  job: Job,
  handlers: JobHandlers,
  context: Omit<JobContext, 'jobId' | 'args' | 'report'>,
  leads: () => Promise<boolean>,
  log: Log,
): Promise<void> {
  const { control, group, signal } = context;
  const finish = async (state: 'done' | 'failed' | 'queued', result: unknown) => {
    if (!(await leads())) return;
    await control.query(
      `update job set state = $2, result = $3::jsonb, ended_at = case when $2 = 'queued' then null else clock_timestamp() end where id = $1`,
      [job.id, state, result === undefined ? null : JSON.stringify(result)],
    );
    await control.query('select pg_notify($1, $2)', [channels.jobs, group.name]);
  };
  const handler = handlers[job.kind];
  try {
    if (handler === undefined) {
      throw new MatapaloError('unavailable', `This worker cannot run a ${job.kind} job.`, {
        hint: 'Run the cdc worker of the same version as the operator.',
      });
    }
    const result = await handler({
      ...context,
      jobId: job.id,
      args: job.args,
      report: async (progress) => {
        await control.query('update job set progress = $2::jsonb where id = $1', [
          job.id,
          JSON.stringify(progress),
        ]);
      },
    });
    await finish('done', result ?? null);
    log.info({ group: group.name, job: job.id, kind: job.kind }, 'job done');
  } catch (error) {
    if (signal.aborted) return finish('queued', undefined);
    log.warn({ err: error, group: group.name, job: job.id, kind: job.kind }, 'job failed');
    await finish('failed', {
      code: error instanceof MatapaloError ? error.code : 'internal',
      message: describeError(error),
      hint: error instanceof MatapaloError ? error.hint : undefined,
    });
  }
}
