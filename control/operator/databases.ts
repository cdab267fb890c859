import type pg from 'pg';
import { createPool } from '#kernel/db/pool.ts';
import type { Log } from '#kernel/log.ts';
import { databaseOf, type GroupPlan } from '#plan/compile.ts';
import { toolSession } from '#plan/mapping/session.ts';
import type { Side } from '#plan/phase.ts';

// As every session of the tool; the last one is unknown to PostgreSQL 16, and not needed here.
const { transaction_timeout: _newer, ...settings } = toolSession;

/** One pool for each captured database, however many groups share it. */
export class Databases {
  readonly #pools = new Map<string, pg.Pool>();
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  of(group: GroupPlan, side: Side): pg.Pool {
    const url = databaseOf(group, side);
    let pool = this.#pools.get(url);
    if (pool === undefined) {
      pool = createPool({
        url,
        name: 'matapalo operator',
        max: 6,
        log: this.#log,
        settings,
      });
      this.#pools.set(url, pool);
    }
    return pool;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#pools.values()].map((pool) => pool.end()));
  }
}
