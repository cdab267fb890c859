import { envOr, intEnv, requireEnv } from '#kernel/env.ts';
import { listen } from '#kernel/http/server.ts';
import { createLog } from '#kernel/log.ts';
import { runMain } from '#kernel/shutdown.ts';
import { buildPayments } from './app.ts';

const log = createLog('payments');

runMain(log, async (shutdown) => {
  const app = buildPayments(
    {
      apiKey: requireEnv('PAYMENTS_KEY', 'the key that callers of the provider present'),
      webhookUrl: envOr('WEBHOOK_URL', '') || undefined,
      webhookSecret: requireEnv('WEBHOOK_SECRET', 'the secret that webhooks are signed with'),
      file: envOr('PAYMENTS_FILE', '') || undefined,
      delayMs: intEnv('PAYMENTS_DELAY_MS', 1_000, { max: 3_600_000 }),
    },
    log,
  );
  shutdown.add('payments', () => app.close());
  const address = await listen(app, envOr('HOST', '127.0.0.1'), intEnv('PORT', 3009, { max: 65_535 }));
  log.info({ address }, 'the payment sandbox listens');
});
