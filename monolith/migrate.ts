import { parseArgs } from 'node:util';
import { createDataSource } from './db/data-source.ts';
import { describeFailure } from './http/failure.ts';
import { seed } from './seed/seed.ts';

/** Brings the database's schema to the present. Safe to run from several processes at once. */
export async function migrate(databaseUrl: string): Promise<string[]> {
  const source = createDataSource({ databaseUrl, poolSize: 2, entities: [] });
  await source.initialize();
  const lock = source.createQueryRunner();
  try {
    await lock.query(`select pg_advisory_lock(hashtext('shop-migrations'))`);
    const done = await source.runMigrations();
    return done.map(({ name }) => name);
  } finally {
    await lock.query(`select pg_advisory_unlock(hashtext('shop-migrations'))`).catch(() => undefined);
    await lock.release();
    await source.destroy();
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { seed: { type: 'boolean' }, scale: { type: 'string', default: '1' } },
  });
  const databaseUrl = process.env['DATABASE_URL'];
  if (!databaseUrl) throw new Error('DATABASE_URL is missing: postgres://user@host:port/database.');
  const scale = Number(values.scale);
  if (!(scale > 0 && scale <= 10)) throw new Error('--scale is a number above 0, at most 10.');
  const startedMs = performance.now();
  const ran = await migrate(databaseUrl);
  process.stdout.write(`migrations: ${ran.length === 0 ? 'none to run' : ran.join(', ')}\n`);
  if (values.seed === true) {
    const filled = await seed(databaseUrl, scale);
    process.stdout.write(`seed: ${filled.length === 0 ? 'there already' : filled.join(', ')}\n`);
  }
  process.stdout.write(`done in ${((performance.now() - startedMs) / 1000).toFixed(1)} s\n`);
}

if (import.meta.main) {
  main().catch((error: unknown) => {
    process.stderr.write(`The migration failed: ${describeFailure(error)}\n`);
    process.exitCode = 1;
  });
}
