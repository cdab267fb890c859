import { envOr, intEnv } from '#kernel/env.ts';
import { createLog } from '#kernel/log.ts';
import { runMain } from '#kernel/shutdown.ts';
import { loadPlan } from '#plan/load-config.ts';
import { migrateControl } from '#plan/store/migrate-control.ts';
import { startProxy } from './app.ts';

const log = createLog('proxy');

runMain(log, async (shutdown) => {
  const plan = await loadPlan();
  await migrateControl(plan);
  const proxy = await startProxy({
    plan,
    log,
    host: envOr('HOST', '127.0.0.1'),
    port: intEnv('PORT', 7_000, { max: 65_535 }),
    adminHost: envOr('ADMIN_HOST', '127.0.0.1'),
    adminPort: intEnv('ADMIN_PORT', 7_001, { max: 65_535 }),
    maxBodyBytes: intEnv('MAX_BODY_BYTES', 64 * 1024 * 1024),
  });
  shutdown.add('proxy', () => proxy.close());
  log.info({ id: proxy.id, url: proxy.url, admin: proxy.adminUrl }, 'proxy listens');
});
