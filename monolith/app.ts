import { randomBytes } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { authorise } from './auth/authorise.ts';
import { openKeyRing } from './auth/keys.ts';
import { createTokens } from './auth/tokens.ts';
import { ProductEntity, StockEntity } from './catalogue/entities.ts';
import { expireReservations } from './catalogue/expiry.ts';
import { reservationRoutes } from './catalogue/reservation-routes.ts';
import { catalogueRoutes } from './catalogue/routes.ts';
import type { ShopConfig } from './config.ts';
import { createDataSource } from './db/data-source.ts';
import { health } from './http/health.ts';
import { measure } from './http/metrics.ts';
import { createServer } from './http/server.ts';
import { startJob, type Job } from './jobs/job.ts';
import { openapi } from './openapi.ts';
import { createMailer } from './mail/send-mail.ts';
import { createAdvanceRefund } from './orders/advance-refund.ts';
import { createAdvance } from './orders/advance.ts';
import { createCart } from './orders/cart.ts';
import { createCartCookies } from './orders/cart-owner.ts';
import { cartRoutes } from './orders/cart-routes.ts';
import { createOpenOrder } from './orders/checkout.ts';
import { sandboxGateway } from './orders/gateway.ts';
import { eraseEndedBuyers, hearEndedBuyer } from './orders/erase.ts';
import { dropOldOrders } from './orders/housekeeping.ts';
import { httpGateway } from './orders/http-gateway.ts';
import { resumeOrders } from './orders/resume.ts';
import { orderRoutes } from './orders/routes.ts';
import { webhookRoutes } from './orders/webhook-routes.ts';
import { createOwnership } from './ownership/owner.ts';
import { createPorts } from './ports/ports.ts';
import { receiveEvents } from './outbox/receive.ts';
import { eraseEnded } from './support/erase.ts';
import { hear } from './support/heard.ts';
import { resumeReturns } from './support/resume-returns.ts';
import { returnRoutes } from './support/return-routes.ts';
import { supportRoutes } from './support/routes.ts';
import { createSettleReturn } from './support/settle-return.ts';
import { accountRoutes } from './users/account-routes.ts';
import { UserEntity } from './users/entities.ts';
import { oauthRoutes } from './users/oauth-routes.ts';
import { recoveryRoutes } from './users/recovery-routes.ts';
import { dropEnded } from './users/refresh-tokens.ts';
import { sessionRoutes } from './users/session-routes.ts';

/** The whole shop in one process, ready to listen or to be injected into. Closing it closes all that it opened. */
export async function buildApp(config: ShopConfig): Promise<FastifyInstance> {
  const log = pino({ level: config.logLevel, base: { name: 'monolith' } });
  const ring = await openKeyRing(config.keysFile, log);
  const tokens = createTokens(ring, config.issuer);
  const db = createDataSource({
    databaseUrl: config.databaseUrl,
    poolSize: config.poolSize,
    entities: [UserEntity, ProductEntity, StockEntity],
  });
  await db.initialize();
  if (await db.showMigrations()) {
    await db.destroy();
    throw new Error(
      'The database lacks migrations of this shop. Run `node monolith/migrate.ts` on it first.',
    );
  }
  await Promise.all(
    Array.from({ length: config.poolSize }, () => db.query('select 1 from prod, prod_stk, stk_rsv limit 0')),
  );
  const ownerOf = createOwnership(db.manager);

  const app = createServer(log, config.trustedProxies);
  measure(app, db);
  health(app, db);
  authorise(app, tokens);
  const document = JSON.stringify(openapi);
  app.get('/openapi.json', async (_request, reply) => reply.type('application/json').send(document));

  const sendMail = createMailer(config.mailDir, log);
  accountRoutes(app, db, sendMail);
  recoveryRoutes(app, db, sendMail);
  sessionRoutes(app, db, tokens, config.publicUrl.startsWith('https:'));
  oauthRoutes(app, db, ring, tokens, { name: config.issuer, publicUrl: config.publicUrl });
  catalogueRoutes(app, db);
  reservationRoutes(app, db);

  const { payments } = config;
  const gateway = payments === undefined ? sandboxGateway : httpGateway(payments.url, payments.apiKey);
  const ports = createPorts(db, ownerOf, tokens, config.publicUrl, gateway);
  const advance = createAdvance(db, ports, gateway, config.paymentPatienceSeconds, ownerOf);
  const advanceRefund = createAdvanceRefund(db, ports.inCatalogue, gateway);
  if (config.cartSecret === undefined)
    log.warn('CART_SECRET is not set: the carts of guests are lost when this process ends');
  const cartSecret = config.cartSecret ?? randomBytes(32).toString('hex');
  const cookies = createCartCookies(cartSecret, config.publicUrl.startsWith('https:'));
  cartRoutes(app, createCart(db, ports.inCatalogue), cookies);
  webhookRoutes(app, { db, advance, tokens, secret: config.webhookSecret });
  orderRoutes(app, {
    db,
    openOrder: createOpenOrder(db, ports.inCatalogue),
    advance,
    advanceRefund,
    inUsers: ports.inUsers,
    cookies,
    sendMail,
  });
  supportRoutes(app, db, ports);
  const settleReturn = createSettleReturn(db, ports);
  returnRoutes(app, db, ports, settleReturn);
  if (config.eventsSecret !== undefined)
    receiveEvents(app, config.eventsSecret, async (event) => {
      await hear(db.manager, event);
      await hearEndedBuyer(db.manager, event);
    });

  const jobs: Job[] = [
    { name: 'drop-ended', group: 'users', everyMs: 3_600_000, run: () => dropEnded(db) },
    {
      name: 'expire-reservations',
      group: 'catalogue',
      everyMs: 2_000,
      run: (signal) => expireReservations(db, signal),
    },
    {
      name: 'erase-ended-buyers',
      group: 'orders',
      everyMs: 2_000,
      run: (signal) => eraseEndedBuyers(db, signal),
    },
    { name: 'drop-old-orders', group: 'orders', everyMs: 3_600_000, run: () => dropOldOrders(db) },
    {
      name: 'erase-ended',
      group: 'support',
      everyMs: 2_000,
      run: (signal) => eraseEnded(db, signal),
    },
    {
      name: 'resume-returns',
      group: 'support',
      everyMs: 5_000,
      run: (signal) => resumeReturns({ db, settleReturn, log, stalledSeconds: 10 }, signal),
    },
    {
      name: 'resume-orders',
      group: 'orders',
      everyMs: config.orderStalledMs / 2,
      run: (signal) =>
        resumeOrders({ db, advance, advanceRefund, tokens, log, stalledMs: config.orderStalledMs }, signal),
    },
  ];
  let running: { stop: () => Promise<void> }[] = [];
  app.addHook('onReady', async () => {
    running = jobs.map((job) => startJob(job, ownerOf, log));
  });
  app.addHook('onClose', async () => {
    await Promise.all(running.map((job) => job.stop()));
    ring.close();
    await ports.close();
    await db.destroy();
  });
  return app;
}
