import type { FastifyInstance } from 'fastify';
import { createVerify } from '#kernel/auth/verify.ts';
import { ownershipFromView, ownsAlone } from '#kernel/db/ownership.ts';
import { connectDatabase, poolOf, warmUp } from '#kernel/db/service-database.ts';
import { createWrite } from '#kernel/db/unit-of-work.ts';
import { publicServer } from '#kernel/http/public-routes.ts';
import { createServer } from '#kernel/http/server.ts';
import type { Log } from '#kernel/log.ts';
import { createRegistry, observePool, observeRequests } from '#kernel/metrics.ts';
import type { CatalogueConfig } from './config.ts';
import { expireReservations, startExpiry } from './expiry.ts';
import { createRehearsal } from './rehearse.ts';
import { catalogueRoutes } from './routes/catalogue.ts';
import { createStandby } from './standby.ts';
import { createDataSource, warmTables } from './store/data-source.ts';

/** What a rehearsal may add to a start; the rest is played while another side owns the catalogue. */
const startBudgetMs = 1_000;

/** The whole service, not listening yet. Closing it stops the job and the pool, after the requests in flight. */
export async function buildApp(config: CatalogueConfig, log: Log): Promise<FastifyInstance> {
  const source = createDataSource({
    url: config.databaseUrl,
    poolSize: config.poolSize,
    onPoolError: (error) => log.warn({ err: error }, 'an idle database connection broke'),
  });
  await connectDatabase('the catalogue', source);
  const registry = createRegistry('catalogue');
  const app = createServer({
    log,
    registry,
    ready: async () => {
      await source.query('select 1 from products limit 0');
    },
    fastify: publicServer,
  });
  observeRequests(app, registry);
  observePool(poolOf(source), registry, 'catalogue');

  const ownership = config.standalone ? ownsAlone : ownershipFromView('catalogue');
  const write = createWrite(poolOf(source), ownership);
  const closing = new AbortController();
  const verify = createVerify({
    jwksUrl: config.jwksUrl,
    issuer: config.issuer,
    audience: 'shop',
    prefetch: closing.signal,
  });
  await app.register(catalogueRoutes({ source, write, verify }));

  let stopExpiry: (() => Promise<void>) | undefined;
  app.addHook('onReady', async () => {
    const rehearsal = createRehearsal(source, config.poolSize, log);
    await warmUp(source, config.poolSize, warmTables).catch((error: unknown) =>
      log.warn({ err: error }, 'the pool is cold'),
    );
    await rehearsal.play(startBudgetMs);
    await rehearsal.play(startBudgetMs);
    const standBy = createStandby(source, config.poolSize, ownership, rehearsal);
    stopExpiry = startExpiry(async () => {
      await standBy();
      return expireReservations(source, ownership, write);
    }, log);
  });
  app.addHook('onClose', async () => {
    closing.abort();
    await stopExpiry?.();
    await source.destroy();
  });
  return app;
}
