import type { FastifyInstance } from 'fastify';
import { createServiceToken } from '#kernel/auth/service-token.ts';
import { createVerify } from '#kernel/auth/verify.ts';
import { ownershipFromView, ownsAlone } from '#kernel/db/ownership.ts';
import { connectDatabase, poolOf, warmUp } from '#kernel/db/service-database.ts';
import { createWrite } from '#kernel/db/unit-of-work.ts';
import { publicServer } from '#kernel/http/public-routes.ts';
import { receiveEvents } from '#kernel/events/receive.ts';
import { createServer } from '#kernel/http/server.ts';
import { createShopCall } from '#kernel/http/shop-call.ts';
import type { Log } from '#kernel/log.ts';
import { createFileMailer } from '#kernel/mail/send-mail.ts';
import { createRegistry, observePool, observeRequests } from '#kernel/metrics.ts';
import { startJob } from '#kernel/start-job.ts';
import { createAdvanceRefund } from './advance-refund.ts';
import { createAdvance } from './advance.ts';
import { createCart } from './cart.ts';
import { createOpenOrder } from './checkout.ts';
import type { OrdersConfig } from './config.ts';
import { eraseEnded, hearEnded } from './erase.ts';
import { httpGateway } from './http-gateway.ts';
import { createNeighbours } from './neighbours.ts';
import { dropOld, resumeOrders } from './resume.ts';
import { createCartCookies, guestCartDays } from './routes/cart-cookies.ts';
import { ordersRoutes } from './routes/all.ts';
import { createDataSource, warmTables } from './store/data-source.ts';

/** The whole service, not listening yet. Closing it stops the jobs and the pool, after the requests in flight. */
export async function buildApp(config: OrdersConfig, log: Log): Promise<FastifyInstance> {
  const source = createDataSource({
    url: config.databaseUrl,
    poolSize: config.poolSize,
    onPoolError: (error) => log.warn({ err: error }, 'an idle database connection broke'),
  });
  await connectDatabase('the orders', source);
  const registry = createRegistry('orders');
  const app = createServer({
    log,
    registry,
    ready: async () => {
      await source.query('select 1 from orders limit 0');
    },
    fastify: publicServer,
  });
  observeRequests(app, registry);
  observePool(poolOf(source), registry, 'orders');

  const ownership = config.standalone ? ownsAlone : ownershipFromView('orders');
  const write = createWrite(poolOf(source), ownership);
  const closing = new AbortController();
  const verify = createVerify({
    jwksUrl: config.jwksUrl,
    issuer: config.issuer,
    audience: 'shop',
    prefetch: closing.signal,
  });
  const shop = createShopCall(config.publicUrl, createServiceToken(config));
  const neighbours = createNeighbours(shop.call);
  const { paymentPatienceSeconds, payments } = config;
  const gateway = httpGateway(payments.url, payments.apiKey);
  const parts = { source, ownership, write, neighbours, gateway, paymentPatienceSeconds };
  const advance = createAdvance(parts);
  const advanceRefund = createAdvanceRefund(parts);
  await app.register(
    ordersRoutes({
      source,
      write,
      verify,
      cart: createCart(source, write, neighbours),
      cookies: createCartCookies(config.cartSecret, config.publicUrl.startsWith('https:')),
      openOrder: createOpenOrder(source, write, neighbours),
      advance,
      advanceRefund,
      neighbours,
      sendMail: createFileMailer(config.mailDir, log),
      webhookSecret: config.webhookSecret,
    }),
  );

  const { eventsSecret } = config;
  if (eventsSecret !== undefined)
    await app.register(receiveEvents(eventsSecret, (event) => hearEnded(source.manager, event)));

  let stopJobs: (() => Promise<void>)[] = [];
  app.addHook('onReady', async () => {
    await warmUp(source, config.poolSize, warmTables).catch((error: unknown) =>
      log.warn({ err: error }, 'the connections are not warm; the first requests take longer'),
    );
    const resume = { source, ownership, advance, advanceRefund, log, stalledMs: config.stalledMs };
    stopJobs = [
      startJob(
        { name: 'resume', everyMs: config.stalledMs / 2, run: (signal) => resumeOrders(resume, signal) },
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
      startJob(
        {
          name: 'drop-old',
          everyMs: 3_600_000,
          run: () => dropOld(source, ownership, write, guestCartDays),
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
