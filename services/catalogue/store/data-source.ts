import { join } from 'node:path';
import type pg from 'pg';
import { DataSource } from 'typeorm';
import { Category, Price, Product, StockLevel } from './entities.ts';

export interface DataSourceOptions {
  url: string;
  /** Connections at most. */
  poolSize: number;
  onPoolError?: (error: unknown) => void;
}

/** The catalogue's own database. The schema changes by migrations only. */
export function createDataSource({ url, poolSize, onPoolError }: DataSourceOptions): DataSource {
  return new DataSource({
    type: 'postgres',
    url,
    applicationName: 'catalogue',
    poolSize,
    poolErrorHandler: onPoolError ?? (() => undefined),
    connectTimeoutMS: 5_000,
    synchronize: false,
    migrationsRun: false,
    migrationsTableName: 'catalogue_migrations',
    entities: [Category, Product, Price, StockLevel],
    migrations: [join(import.meta.dirname, '../../../migrations/catalogue/*.{ts,js}')],
    // A pool of fixed size: connections made in the middle of a burst would cost more than the burst.
    extra: { keepAlive: true, idleTimeoutMillis: 30_000, min: poolSize },
  });
}

/**
 * Opens the pool and lets each connection load what it knows of our tables. Ownership arrives in one moment with
 * all the writes that were held meanwhile: they would wait for connections to be made, one after another.
 */
export async function warmUp(source: DataSource, poolSize: number): Promise<void> {
  const tables = source.entityMetadatas.map((entity) => `"${entity.tableName}"`);
  const rest = ['stock_adjustments', 'reservations', 'reservation_lines', 'outbox'];
  const sql = `select 1 from ${[...tables, ...rest].join(', ')} limit 0`;
  await Promise.all(Array.from({ length: poolSize }, () => source.query(sql)));
}

/** TypeORM keeps pg's pool on its driver, untyped. */
export function poolOf(source: DataSource): pg.Pool {
  return (source.driver as unknown as { master: pg.Pool }).master;
}
