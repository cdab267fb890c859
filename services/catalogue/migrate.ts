import { unreachable } from '#kernel/db/pool.ts';
import { requireEnv } from '#kernel/env.ts';
import { createLog } from '#kernel/log.ts';
import { runMain } from '#kernel/shutdown.ts';
import { createDataSource } from './store/data-source.ts';

const log = createLog('catalogue-migrate');

/** Brings the catalogue's schema up to date; run before the service starts, as a role that owns the schema. */
runMain(log, async (shutdown) => {
  const url = requireEnv('DATABASE_URL', "the catalogue's database, as postgres://user@host:port/database");
  const source = createDataSource({ url, poolSize: 2 });
  try {
    await source.initialize();
  } catch (error) {
    throw unreachable("The catalogue's database (DATABASE_URL)", error);
  }
  shutdown.add('database', () => source.destroy());
  const runner = source.createQueryRunner();
  // Several starting at once take turns; the lock ends with its session.
  await runner.query(`select pg_advisory_lock(hashtext('catalogue-migrations'))`);
  const applied = await source.runMigrations({ transaction: 'each' });
  await runner.release();
  log.info({ applied: applied.map((migration) => migration.name) }, 'the schema is up to date');
  await shutdown.close();
});
