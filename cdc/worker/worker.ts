import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { createPool } from '#kernel/db/pool.ts';
import { listenTo } from '#kernel/db/listen.ts';
import { MatapaloError } from '#kernel/errors.ts';
import { createServer, listen } from '#kernel/http/server.ts';
import type { Log } from '#kernel/log.ts';
import { createRegistry, observePool } from '#kernel/metrics.ts';
import type { Plan } from '#plan/compile.ts';
import { channels } from '#plan/names.ts';
import { defaultLimits, type BatchLimits } from '../apply/batch-limits.ts';
import { openTransport } from '../capture/open-transport.ts';
import { GroupRunner } from './group-runner.ts';
import { jobHandlers } from './job-handlers.ts';
import { SyncMetrics } from './metrics.ts';

export interface WorkerOptions {
  plan: Plan;
  log: Log;
  /** Serves health and metrics; absent: nothing listens. */
  admin?: { host: string; port: number };
  /** Size of a batch; the default suits all but tests. */
  limits?: BatchLimits;
}

export interface Worker {
  /** Address of the admin port, where there is one. */
  url: string | undefined;
  stop(): Promise<void>;
}

/** The cdc worker: runs every configured group that is synced and that no other worker leads. */
export async function startWorker({
  plan,
  log,
  admin,
  limits = defaultLimits,
}: WorkerOptions): Promise<Worker> {
  const registry = createRegistry('cdc');
  const metrics = new SyncMetrics(registry);
  const controlUrl = plan.config.control.url;
  const control = createPool({ url: controlUrl, name: 'matapalo cdc', max: 10, log });
  observePool(control, registry, 'control');
  const transport = openTransport(plan.config, log, registry);
  const worker = `${hostname()} ${process.pid} ${randomUUID().slice(0, 8)}`;
  const runners = new Map(
    [...plan.groups.values()].map((group) => [
      group.name,
      new GroupRunner({
        plan,
        group,
        worker,
        control,
        transport,
        metrics,
        handlers: jobHandlers,
        limits,
        log,
      }),
    ]),
  );
  // Progress is our own channel too, and would wake us for nothing: a stop is cleared on `jobs` or `progress`, with the group's name.
  const listener = listenTo(
    controlUrl,
    [channels.routes, channels.jobs],
    (_channel, payload) => {
      const named = runners.get(payload);
      if (named) named.wake();
      else for (const runner of runners.values()) runner.wake();
    },
    log,
  );
  const app = createServer({
    log,
    registry,
    ready: async () => {
      await control.query('select 1').catch((cause: unknown) => {
        throw new MatapaloError('unreachable', 'The control database does not answer.', { cause });
      });
    },
  });
  const url = admin ? await listen(app, admin.host, admin.port, 'CDC_PORT') : undefined;
  return {
    url,
    async stop() {
      await listener.close();
      await Promise.all([...runners.values()].map((runner) => runner.stop()));
      await app.close();
      await transport.close();
      await control.end();
    },
  };
}
