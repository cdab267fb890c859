import { DataSource, type EntitySchema } from 'typeorm';

export interface DatabaseConfig {
  databaseUrl: string;
  /** Connections held at most. */
  poolSize: number;
  entities: EntitySchema[];
}

export function createDataSource(config: DatabaseConfig): DataSource {
  return new DataSource({
    type: 'postgres',
    url: config.databaseUrl,
    entities: config.entities,
    migrations: [new URL('../../migrations/monolith/*.ts', import.meta.url).pathname],
    migrationsTableName: 'shop_migrations',
    migrationsTransactionMode: 'each',
    synchronize: false,
    installExtensions: false,
    poolSize: config.poolSize,
    applicationName: 'shop-monolith',
    // A pool of fixed size: connections made in the middle of a burst would cost more than the burst.
    extra: { connectionTimeoutMillis: 10_000, idleTimeoutMillis: 60_000, min: config.poolSize },
    logging: false,
  });
}
