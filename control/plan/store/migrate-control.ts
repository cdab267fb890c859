import { DataSource } from 'typeorm';
import { Control1700000000000 } from '../../../migrations/control/1700000000000-control.ts';
import { unreachable } from '#kernel/db/pool.ts';
import type { Plan } from '../compile.ts';

/** Brings the control database to the present schema and gives each configured group a row. Safe to run at every start, by several at once. */
export async function migrateControl(plan: Plan): Promise<void> {
  const source = new DataSource({
    type: 'postgres',
    url: plan.config.control.url,
    synchronize: false,
    migrations: [Control1700000000000],
    migrationsTableName: 'migration',
    applicationName: 'matapalo migrate',
  });
  try {
    await source.initialize();
  } catch (error) {
    throw unreachable('The control database', error);
  }
  const runner = source.createQueryRunner();
  try {
    // Two processes that start together would both see an empty schema.
    await runner.query('select pg_advisory_lock(19793, 1)');
    await source.runMigrations({ transaction: 'all' });
    for (const name of plan.groups.keys()) {
      await runner.query('insert into route_group (name) values ($1) on conflict do nothing', [name]);
    }
  } finally {
    await runner.query('select pg_advisory_unlock(19793, 1)').catch(() => undefined);
    await runner.release();
    await source.destroy();
  }
}
