import { envOr, intEnv } from '#kernel/env.ts';
import { createLog } from '#kernel/log.ts';
import { runMain } from '#kernel/shutdown.ts';
import { loadPlan } from '#plan/load-config.ts';
import { startOperator } from './start-operator.ts';

const log = createLog('operator');

runMain(log, async (shutdown) => {
  const tokenFile = envOr('MATAPALO_TOKEN_FILE', '');
  const publicUrl = envOr('MATAPALO_PUBLIC_URL', '');
  const running = await startOperator({
    plan: await loadPlan(),
    host: envOr('HOST', '127.0.0.1'),
    port: intEnv('PORT', 7070, { max: 65_535 }),
    log,
    leaseMs: intEnv('MATAPALO_LEASE_MS', 3_000, { min: 200, max: 60_000 }),
    ...(tokenFile === '' ? {} : { tokenFile }),
    ...(publicUrl === '' ? {} : { url: publicUrl }),
  });
  shutdown.add('operator', () => running.stop());
  log.info({ url: running.url }, 'the operator answers');
});
