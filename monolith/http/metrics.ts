import type { FastifyInstance } from 'fastify';
import { Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { DataSource } from 'typeorm';

interface Pool {
  totalCount: number;
  idleCount: number;
  waitingCount: number;
  options: { max?: number };
}

/** Rate, errors and duration of each route, and the database pool, at `/metrics`. */
export function measure(app: FastifyInstance, db: DataSource): void {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const duration = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from the request line to the last byte of the answer. Its count is the rate.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [registry],
  });
  const inFlight = new Gauge({
    name: 'http_requests_in_flight',
    help: 'Requests being answered.',
    registers: [registry],
  });
  const pool = (): Pool => (db.driver as unknown as { master: Pool }).master;
  const poolGauge = (name: string, help: string, labelNames: string[], read: (gauge: Gauge) => void) =>
    new Gauge({
      name,
      help,
      labelNames,
      registers: [registry],
      collect() {
        read(this);
      },
    });
  poolGauge('db_pool_connections', 'Open connections, idle or busy.', ['pool', 'state'], (gauge) => {
    gauge.set({ pool: 'shop', state: 'idle' }, pool().idleCount);
    gauge.set({ pool: 'shop', state: 'busy' }, pool().totalCount - pool().idleCount);
  });
  poolGauge('db_pool_max_connections', 'Connections that the pool may open.', ['pool'], (gauge) =>
    gauge.set({ pool: 'shop' }, pool().options.max ?? 10),
  );
  poolGauge('db_pool_waiting_requests', 'Units of work that wait for a connection.', ['pool'], (gauge) =>
    gauge.set({ pool: 'shop' }, pool().waitingCount),
  );

  app.addHook('onRequest', async (_request, reply) => {
    inFlight.inc();
    // Comes once, whether the answer was finished or the client left.
    reply.raw.once('close', () => inFlight.dec());
  });
  app.addHook('onResponse', async (request, reply) => {
    const labels = {
      method: request.method,
      // The pattern, never the URL: labels stay few.
      route: request.routeOptions.url ?? 'unmatched',
      status: String(reply.statusCode),
    };
    duration.observe(labels, reply.elapsedTime / 1000);
  });
  app.get('/metrics', async (_request, reply) =>
    reply.type(registry.contentType).send(await registry.metrics()),
  );
}
