import type { FastifyInstance } from 'fastify';
import { openKeyRing } from '#kernel/auth/key-ring.ts';
import { ownershipFromView, ownsAlone } from '#kernel/db/ownership.ts';
import { connectDatabase, poolOf, warmUp } from '#kernel/db/service-database.ts';
import { createWrite } from '#kernel/db/unit-of-work.ts';
import { publicServer } from '#kernel/http/public-routes.ts';
import { createServer } from '#kernel/http/server.ts';
import type { Log } from '#kernel/log.ts';
import { createFileMailer } from '#kernel/mail/send-mail.ts';
import { createRegistry, observePool, observeRequests } from '#kernel/metrics.ts';
import type { UsersConfig } from './config.ts';
import { dropEnded, startHousekeeping } from './housekeeping.ts';
import { usersRoutes } from './routes/users.ts';
import { createDataSource, warmTables } from './store/data-source.ts';
import { createTokens } from './tokens.ts';

/** The whole service, not listening yet. Closing it stops the job and the pool, after the requests in flight. */
export async function buildApp(config: UsersConfig, log: Log): Promise<FastifyInstance> {
  const ring = await openKeyRing(config.keysFile, log);
  const source = createDataSource({
    url: config.databaseUrl,
    poolSize: config.poolSize,
    onPoolError: (error) => log.warn({ err: error }, 'an idle database connection broke'),
  });
  await connectDatabase('the users', source);
  const registry = createRegistry('users');
  const { trustedProxies } = config;
  const app = createServer({
    log,
    registry,
    ready: async () => {
      await source.query('select 1 from accounts limit 0');
    },
    fastify: { ...publicServer, trustProxy: trustedProxies.length > 0 ? trustedProxies : false },
  });
  observeRequests(app, registry);
  observePool(poolOf(source), registry, 'users');

  const ownership = config.standalone ? ownsAlone : ownershipFromView('users');
  const write = createWrite(poolOf(source), ownership);
  const tokens = createTokens(ring, config.issuer, config.jwksUrl);
  await app.register(
    usersRoutes({
      source,
      write,
      ring,
      tokens,
      sendMail: createFileMailer(config.mailDir, log),
      issuer: config.issuer,
      publicUrl: config.publicUrl,
    }),
  );

  let stopHousekeeping: (() => Promise<void>) | undefined;
  app.addHook('onReady', async () => {
    await warmUp(source, config.poolSize, warmTables).catch((error: unknown) =>
      log.warn({ err: error }, 'the connections are not warm; the first requests take longer'),
    );
    stopHousekeeping = startHousekeeping(() => dropEnded(source, ownership, write), log);
  });
  app.addHook('onClose', async () => {
    await stopHousekeeping?.();
    ring.close();
    await source.destroy();
  });
  return app;
}
