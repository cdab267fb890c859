import { defineStrangler, transportFromEnv, type GroupConfig } from '#plan/config.ts';
import { catalogueTables } from './services/catalogue/mapping/tables.ts';
import { ordersRoutes } from './services/orders/mapping/routes.ts';
import { ordersTables } from './services/orders/mapping/tables.ts';
import { supportRoutes } from './services/support/mapping/routes.ts';
import { supportTables } from './services/support/mapping/tables.ts';
import { usersRoutes } from './services/users/mapping/routes.ts';
import { usersTables } from './services/users/mapping/tables.ts';

/**
 * The only file where the tool and the sample shop meet. `npm start` sets the variables; the defaults are those of
 * docker-compose.yml.
 */
const env = (name: string, fallback: string): string => process.env[name] ?? fallback;

/** With `debezium`: where the worker of Kafka Connect finds the database's password, such as `${env:NAME}`. */
const connectPassword = (name: string) => {
  const reference = env(name, '');
  return reference === '' ? {} : { connectPassword: reference };
};

const publicUrl = env('PUBLIC_URL', 'http://127.0.0.1:7000');

/** A service that is there only where `<NAME>_URL` says so, and its group with it. */
function optional(name: string, group: Omit<GroupConfig, 'service'>) {
  const url = env(`${name.toUpperCase()}_URL`, '');
  if (url === '') return { services: {}, groups: {} };
  const database = env(`${name.toUpperCase()}_DB`, `postgres://matapalo@127.0.0.1:5434/${name}`);
  const side = { url, database, ...connectPassword(`${name.toUpperCase()}_CONNECT_PASSWORD`) };
  return { services: { [name]: side }, groups: { [name]: { service: name, ...group } } };
}

const users = optional('users', { routes: usersRoutes, tables: usersTables });
const orders = optional('orders', { routes: ordersRoutes, tables: ordersTables });
const support = optional('support', { routes: supportRoutes, tables: supportTables });

export default defineStrangler({
  control: { url: env('MATAPALO_CONTROL_DB', 'postgres://matapalo@127.0.0.1:5432/matapalo') },
  secret: env('MATAPALO_SECRET', ''),
  monolith: {
    url: env('MONOLITH_URL', 'http://127.0.0.1:7100'),
    database: env('MONOLITH_DB', 'postgres://matapalo@127.0.0.1:5433/shop'),
    ...connectPassword('MONOLITH_CONNECT_PASSWORD'),
  },
  services: {
    catalogue: {
      url: env('CATALOGUE_URL', 'http://127.0.0.1:7110'),
      database: env('CATALOGUE_DB', 'postgres://matapalo@127.0.0.1:5434/catalogue'),
      ...connectPassword('CATALOGUE_CONNECT_PASSWORD'),
    },
    ...users.services,
    ...orders.services,
    ...support.services,
  },
  auth: {
    issuer: env('JWT_ISSUER', 'matapalo-shop'),
    audience: 'shop',
    jwksUrl: env('JWKS_URL', `${publicUrl}/.well-known/jwks.json`),
  },
  ...transportFromEnv(process.env),
  groups: {
    catalogue: {
      service: 'catalogue',
      routes: [
        'GET /categories',
        'GET /categories/:id',
        'GET /products',
        'GET /products/:id',
        'GET /products/:id/availability',
        { route: 'POST /availability', writes: false },
        'GET /search/products',
        { route: 'POST /products', auth: 'verify' },
        { route: 'PATCH /products/:id', auth: 'verify' },
        { route: 'DELETE /products/:id', auth: 'verify' },
        { route: 'PUT /products/:id/price', auth: 'verify' },
        { route: 'POST /products/:id/stock-adjustments', auth: 'verify' },
        { route: 'GET /reservations/:id', auth: 'verify' },
        { route: 'PUT /reservations/:id', auth: 'verify' },
        { route: 'POST /reservations/:id/commit', auth: 'verify' },
        { route: 'POST /reservations/:id/release', auth: 'verify' },
      ],
      tables: catalogueTables,
    },
    ...users.groups,
    ...orders.groups,
    ...support.groups,
  },
});
