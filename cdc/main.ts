import { envOr, intEnv } from '#kernel/env.ts';
import { createLog } from '#kernel/log.ts';
import { runMain } from '#kernel/shutdown.ts';
import { loadPlan } from '#plan/load-config.ts';
import { migrateControl } from '#plan/store/migrate-control.ts';
import { startWorker } from './worker/worker.ts';

/** The cdc process. `CDC_PORT` (default 7072) and `HOST` (default 127.0.0.1) say where health and metrics are. */
const log = createLog('cdc');

runMain(log, async (shutdown) => {
  const plan = await loadPlan();
  await migrateControl(plan);
  const worker = await startWorker({
    plan,
    log,
    admin: { host: envOr('HOST', '127.0.0.1'), port: intEnv('CDC_PORT', 7072, { min: 0, max: 65_535 }) },
  });
  shutdown.add('worker', () => worker.stop());
  log.info({ url: worker.url, groups: [...plan.groups.keys()] }, 'cdc is running');
});
