import type pg from 'pg';
import type { Log } from '#kernel/log.ts';
import type { Plan } from '#plan/compile.ts';
import type { Databases } from './databases.ts';
import type { Lead } from './lead/lead.ts';
import type { Metrics } from './metrics.ts';
import type { Wake } from './wake.ts';

/** What the parts of an operator process share. */
export interface Operator {
  plan: Plan;
  log: Log;
  control: pg.Pool;
  /**
   * The control database without waiting for its disk at commit: for steps journaled while requests are held. A step lost
   * in a crash of that server costs nothing, because recovery goes by the ownership rows and repeats what is idempotent.
   */
  steps: pg.Pool;
  databases: Databases;
  lead: Lead;
  wake: Wake;
  metrics: Metrics;
  /** Called after each journaled step and before its act; fault tests pause or end the process here. */
  onStep: (step: string, transition: string) => Promise<void> | void;
  /** Transitions that run detached from whoever asked. */
  running: Map<string, Promise<void>>;
}
