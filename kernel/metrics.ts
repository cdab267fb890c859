import type { FastifyInstance } from 'fastify';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type pg from 'pg';

/** A registry with the process's own metrics and a `service` label on everything. */
export function createRegistry(service: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry });
  return registry;
}

/** Rate, errors and duration of a server's requests, by route pattern (never by raw URL: labels stay bounded). */
export function observeRequests(app: FastifyInstance, registry: Registry): void {
  const duration = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time to answer a request; its count is the rate.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [registry],
  });
  const inFlight = new Gauge({
    name: 'http_requests_in_flight',
    help: 'Requests being answered.',
    registers: [registry],
  });
  app.addHook('onRequest', async (_request, reply) => {
    inFlight.inc();
    // Comes once, whether the answer was finished or the client left.
    reply.raw.once('close', () => inFlight.dec());
  });
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'unmatched';
    duration.observe(
      { method: request.method, route, status: String(reply.statusCode) },
      reply.elapsedTime / 1000,
    );
  });
}

const poolsOf = new WeakMap<Registry, Map<string, pg.Pool>>();

/** Size and use of a database pool, as `pool="<name>"`; a process may have several. */
export function observePool(pool: pg.Pool, registry: Registry, name: string): void {
  const known = poolsOf.get(registry);
  if (known !== undefined) {
    known.set(name, pool);
    return;
  }
  const pools = new Map([[name, pool]]);
  poolsOf.set(registry, pools);
  const gauge = (metric: string, help: string, labelNames: string[], read: (gauge: Gauge) => void) =>
    new Gauge({
      name: metric,
      help,
      labelNames,
      registers: [registry],
      collect() {
        read(this);
      },
    });
  gauge(
    'db_pool_connections',
    'Open connections of a database pool, idle or busy.',
    ['pool', 'state'],
    (into) => {
      for (const [pool, { totalCount, idleCount }] of pools) {
        into.set({ pool, state: 'idle' }, idleCount);
        into.set({ pool, state: 'busy' }, totalCount - idleCount);
      }
    },
  );
  gauge('db_pool_max_connections', 'Connections that a database pool may open.', ['pool'], (into) => {
    for (const [pool, { options }] of pools) into.set({ pool }, options.max ?? 10);
  });
  gauge(
    'db_pool_waiting_requests',
    'Units of work that wait for a connection of a pool.',
    ['pool'],
    (into) => {
      for (const [pool, { waitingCount }] of pools) into.set({ pool }, waitingCount);
    },
  );
}

export { Counter, Gauge, Histogram, Registry };
