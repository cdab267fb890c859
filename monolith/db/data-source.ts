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
    extra: { connectionTimeoutMillis: 10_000, idleTimeoutMillis: 60_000 },
    logging: false,
  });
}
