import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { createPool } from '#kernel/db/pool.ts';
import { listen } from '#kernel/http/server.ts';
import { createLog, type Log } from '#kernel/log.ts';
import type { Plan } from '#plan/compile.ts';
import { migrateControl } from '#plan/store/migrate-control.ts';
import { ensureFirstToken } from './api/tokens.ts';
import { buildApp } from './app.ts';
import { sampleCensus } from './census.ts';
import { Databases } from './databases.ts';
import { faultAt } from './journal/fault.ts';
import { Lead } from './lead/lead.ts';
import { Metrics } from './metrics.ts';
import type { Operator } from './operator.ts';
import { recover } from './recover/recover.ts';
import { Wake } from './wake.ts';
import { GuardWatch } from './watch-guards.ts';
import { watchOwnership } from './watch-ownership.ts';

export interface OperatorOptions {
  plan: Plan;
  host?: string;
  /** 0 takes a free one. */
  port?: number;
  log?: Log;
  /** Where others reach our API, when it is not where we listen. */
  url?: string;
  leaseMs?: number;
  /** The first token is also written here, readable by its owner only. */
  tokenFile?: string;
  /** After each journaled step and before its act, for fault tests. Default: `MATAPALO_FAULT`. */
  onStep?: Operator['onStep'];
}

export interface RunningOperator {
  url: string;
  operator: Operator;
  /** Set on the very first start of an installation: the only time that the token is known. */
  firstToken: string | undefined;
  stop(): Promise<void>;
}

/** An operator process, without the process: serves the API at once, leads when no other does. */
export async function startOperator(options: OperatorOptions): Promise<RunningOperator> {
  const { plan } = options;
  const log = options.log ?? createLog('operator');
  await migrateControl(plan);
  const controlUrl = plan.config.control.url;
  const control = createPool({ url: controlUrl, name: 'matapalo operator', max: 8, log });
  const steps = createPool({
    url: controlUrl,
    name: 'matapalo operator steps',
    max: 4,
    log,
    settings: { synchronous_commit: 'off' },
  });
  const metrics = new Metrics();
  // Filled in below: the lead needs our address, the app needs the operator.
  const operator = {
    plan,
    log,
    control,
    steps,
    databases: new Databases(log),
    metrics,
    wake: new Wake(controlUrl, log),
    onStep: options.onStep ?? ((step) => faultAt(step)),
    running: new Map<string, Promise<void>>(),
  } as Omit<Operator, 'lead'> as Operator;
  const firstToken = await ensureFirstToken(control, log, options.tokenFile);
  const app = await buildApp(operator);
  const address = await listen(app, options.host ?? '127.0.0.1', options.port ?? 7070);
  const url = options.url ?? address;
  let rounds: NodeJS.Timeout[] = [];
  const stopRounds = () => rounds.splice(0).forEach((timer) => clearInterval(timer));
  operator.lead = new Lead(
    {
      controlUrl,
      holder: `${hostname()}:${process.pid}:${randomBytes(3).toString('hex')}`,
      url,
      log,
      ...(options.leaseMs === undefined ? {} : { leaseMs: options.leaseMs }),
    },
    (term) => {
      metrics.leading.set(1);
      stopRounds();
      const watch = new GuardWatch(operator);
      rounds = [
        setInterval(() => void sampleCensus(operator), 1_000).unref(),
        setInterval(() => void watch.look(), 5_000).unref(),
        setInterval(() => void watchOwnership(operator), 2_000).unref(),
      ];
      term.signal.addEventListener('abort', () => {
        metrics.leading.set(0);
        stopRounds();
      });
      void recover(operator, term);
    },
  );
  return {
    url,
    operator,
    firstToken,
    async stop() {
      stopRounds();
      await app.close();
      await operator.lead.close();
      await Promise.allSettled(operator.running.values());
      await operator.wake.close();
      await Promise.allSettled([control.end(), steps.end(), operator.databases.close()]);
    },
  };
}
