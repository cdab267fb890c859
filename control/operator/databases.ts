import type pg from 'pg';
import { createPool } from '#kernel/db/pool.ts';
import type { Log } from '#kernel/log.ts';
import { databaseOf, type GroupPlan } from '#plan/compile.ts';
import type { Side } from '#plan/phase.ts';

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
        // A user's own defaults must not end a fence that waits as it should.
        settings: { statement_timeout: '0', idle_in_transaction_session_timeout: '0' },
      });
      this.#pools.set(url, pool);
    }
    return pool;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#pools.values()].map((pool) => pool.end()));
  }
}
