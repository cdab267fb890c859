import { join } from 'node:path';
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
    // A dead connection in the pool must not outlive the server's restart for long.
    extra: { keepAlive: true, idleTimeoutMillis: 30_000 },
  });
}
