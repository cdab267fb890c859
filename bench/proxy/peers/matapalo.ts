import { createLog } from '#kernel/log.ts';
import { compilePlan } from '#plan/compile.ts';
import { startProxy } from '#proxy/app.ts';
import { tell } from '../announce.ts';

/**
 * Our proxy with every feature on, on a real control database: one group in canary at 50 % with shadow copies of 1 % of its
 * reads, another migrated. The number of routes is the third argument.
 */
const [, , upstream = '', control = '', routeCount = '10'] = process.argv;
const database = control;
const table = { legacy: 't', service: 't', forward: { id: 'id' }, reverse: { id: 'id' } };
const filler = Array.from(
  { length: Number(routeCount) - 4 },
  (_, i) => `GET /api/area${i % 97}/thing${i}/:id`,
);

const plan = compilePlan({
  control: { url: control },
  secret: 'only for this run, and at least 32 characters',
  monolith: { url: upstream, database },
  services: { service: { url: upstream, database } },
  groups: {
    products: {
      service: 'service',
      routes: [
        { route: 'GET /api/products/:id', shadow: { sample: 0.01 } },
        'PUT /api/products/:id',
        ...filler,
      ],
      tables: [table],
    },
    orders: {
      service: 'service',
      routes: ['GET /api/orders/:id', 'POST /api/orders'],
      tables: [{ ...table, legacy: 'o', service: 'o' }],
    },
  },
});

const proxy = await startProxy({ plan, log: createLog('bench', 'silent') });
while (proxy.link.table === undefined) await new Promise((resolve) => setTimeout(resolve, 10));
tell(proxy.url);
