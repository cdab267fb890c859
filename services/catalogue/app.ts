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
import { rehearse } from './rehearse.ts';
import { catalogueRoutes } from './routes/catalogue.ts';
import { createStandby } from './standby.ts';
import { createDataSource, warmTables } from './store/data-source.ts';

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
    let isRehearsed = false;
    const rehearseRest = async () => {
      if (isRehearsed) return;
      const startedMs = performance.now();
      isRehearsed = await rehearse(source, config.poolSize, log);
      const tookMs = Math.round(performance.now() - startedMs);
      log.info({ tookMs }, isRehearsed ? 'the writes were rehearsed' : 'the writes were rehearsed in part');
    };
    // A cold service works as well, only slower at first.
    await warmUp(source, config.poolSize, warmTables)
      .then(rehearseRest)
      .catch((error: unknown) => log.warn({ err: error }, 'the writes were not rehearsed'));
    const standBy = createStandby(source, config.poolSize, ownership, rehearseRest);
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
