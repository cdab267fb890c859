import { runMigrations } from '#kernel/db/service-database.ts';

runMigrations('orders');
