import { join } from 'node:path';
import type pg from 'pg';
import { DataSource, type EntitySchema } from 'typeorm';
import { requireEnv } from '../env.ts';
import { createLog } from '../log.ts';
import { runMain } from '../shutdown.ts';
import { unreachable } from './pool.ts';

export interface DatabaseOptions {
  url: string;
  /** Connections at most. */
  poolSize: number;
  onPoolError?: (error: unknown) => void;
}

/** A service's own database. The schema changes by the migrations in `migrations/<service>` only. */
export function createServiceDatabase(
  service: string,
  { url, poolSize, onPoolError }: DatabaseOptions,
  entities: EntitySchema[] = [],
): DataSource {
  return new DataSource({
    type: 'postgres',
    url,
    applicationName: service,
    poolSize,
    poolErrorHandler: onPoolError ?? (() => undefined),
    connectTimeoutMS: 5_000,
    synchronize: false,
    migrationsRun: false,
    migrationsTableName: `${service}_migrations`,
    entities,
    migrations: [join(import.meta.dirname, `../../migrations/${service}/*.{ts,js}`)],
    // A pool of fixed size: connections made in the middle of a burst would cost more than the burst.
    extra: { keepAlive: true, idleTimeoutMillis: 30_000, min: poolSize },
  });
}

/** Connects, or says in one sentence which database is away. */
export async function connectDatabase(service: string, source: DataSource): Promise<void> {
  try {
    await source.initialize();
  } catch (error) {
    throw unreachable(`The database of ${service} (DATABASE_URL)`, error);
  }
}

/** TypeORM keeps pg's pool on its driver, untyped. */
export function poolOf(source: DataSource): pg.Pool {
  return (source.driver as unknown as { master: pg.Pool }).master;
}

/**
 * Opens the pool and lets each connection load what it knows of our tables. Ownership arrives in one moment with
 * all the writes that were held meanwhile: they would wait for connections to be made, one after another.
 */
export async function warmUp(source: DataSource, poolSize: number, tables: readonly string[]): Promise<void> {
  const sql = `select 1 from ${tables.map((table) => `"${table}"`).join(', ')} limit 0`;
  await Promise.all(Array.from({ length: poolSize }, () => source.query(sql)));
}

/** Brings a service's schema up to date; run before the service starts, as a role that owns the schema. */
export function runMigrations(service: string): void {
  const log = createLog(`${service}-migrate`);
  runMain(log, async (shutdown) => {
    const url = requireEnv(
      'DATABASE_URL',
      `the database of ${service}, as postgres://user@host:port/database`,
    );
    const source = createServiceDatabase(service, { url, poolSize: 2 });
    await connectDatabase(service, source);
    shutdown.add('database', () => source.destroy());
    const runner = source.createQueryRunner();
    // Several starting at once take turns; the lock ends with its session.
    await runner.query(`select pg_advisory_lock(hashtext('${service}-migrations'))`);
    const applied = await source.runMigrations({ transaction: 'each' });
    await runner.release();
    log.info({ applied: applied.map((migration) => migration.name) }, 'the schema is up to date');
    await shutdown.close();
  });
}
