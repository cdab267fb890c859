import type { FastifyInstance } from 'fastify';
import { createServiceToken } from '#kernel/auth/service-token.ts';
import { createVerify } from '#kernel/auth/verify.ts';
import { ownershipFromView, ownsAlone } from '#kernel/db/ownership.ts';
import { connectDatabase, poolOf, warmUp } from '#kernel/db/service-database.ts';
import { createWrite } from '#kernel/db/unit-of-work.ts';
import { receiveEvents } from '#kernel/events/receive.ts';
import { publicServer } from '#kernel/http/public-routes.ts';
import { createServer } from '#kernel/http/server.ts';
import { createShopCall } from '#kernel/http/shop-call.ts';
import type { Log } from '#kernel/log.ts';
import { createRegistry, observePool, observeRequests } from '#kernel/metrics.ts';
import { startJob } from '#kernel/start-job.ts';
import { createAsk } from './ask.ts';
import type { SupportConfig } from './config.ts';
import { eraseEnded } from './erase.ts';
import { createNeighbours } from './neighbours.ts';
import { resumeReturns } from './resume-returns.ts';
import { supportRoutes } from './routes/support.ts';
import { createSettleReturn } from './settle-return.ts';
import { createReadKnowledge } from './store/articles.ts';
import { createDataSource, warmTables } from './store/data-source.ts';
import { hear } from './store/heard.ts';

/** The whole service, not listening yet. Closing it stops the jobs and the pool, after the requests in flight. */
export async function buildApp(config: SupportConfig, log: Log): Promise<FastifyInstance> {
  const source = createDataSource({
    url: config.databaseUrl,
    poolSize: config.poolSize,
    onPoolError: (error) => log.warn({ err: error }, 'an idle database connection broke'),
  });
  await connectDatabase('support', source);
  const registry = createRegistry('support');
  const app = createServer({
    log,
    registry,
    ready: async () => {
      await source.query('select 1 from tickets limit 0');
    },
    fastify: publicServer,
  });
  observeRequests(app, registry);
  observePool(poolOf(source), registry, 'support');

  const ownership = config.standalone ? ownsAlone : ownershipFromView('support');
  const write = createWrite(poolOf(source), ownership);
  const closing = new AbortController();
  const verify = createVerify({
    jwksUrl: config.jwksUrl,
    issuer: config.issuer,
    audience: 'shop',
    prefetch: closing.signal,
  });
  const shop = createShopCall(config.publicUrl, createServiceToken(config), config.neighbourPatienceMs);
  const neighbours = createNeighbours(shop.call);
  const settleReturn = createSettleReturn(source, write, neighbours);
  const ask = createAsk(createReadKnowledge(source.manager), neighbours);
  await app.register(supportRoutes({ source, write, verify, neighbours, ask, settleReturn }));
  const { eventsSecret, stalledMs } = config;
  if (eventsSecret !== undefined)
    await app.register(receiveEvents(eventsSecret, (event) => hear(source.manager, event)));

  let stopJobs: (() => Promise<void>)[] = [];
  app.addHook('onReady', async () => {
    await warmUp(source, config.poolSize, warmTables).catch((error: unknown) =>
      log.warn({ err: error }, 'the connections are not warm; the first requests take longer'),
    );
    const resume = { source, ownership, settleReturn, log, stalledMs };
    stopJobs = [
      startJob(
        { name: 'resume-returns', everyMs: stalledMs / 2, run: (signal) => resumeReturns(resume, signal) },
        log,
      ),
      startJob(
        {
          name: 'erase-ended',
          everyMs: 2_000,
          run: (signal) => eraseEnded(source, ownership, write, signal),
        },
        log,
      ),
    ];
  });
  app.addHook('onClose', async () => {
    closing.abort();
    await Promise.all(stopJobs.map((stop) => stop()));
    await shop.close();
    await source.destroy();
  });
  return app;
}
