import { createLog } from '#kernel/log.ts';
import { listen } from '#kernel/http/server.ts';
import { runMain } from '#kernel/shutdown.ts';
import { buildApp } from './app.ts';
import { readConfig } from './config.ts';

const log = createLog('orders');

runMain(log, async (shutdown) => {
  const config = readConfig();
  const app = await buildApp(config, log);
  shutdown.add('orders', () => app.close());
  const address = await listen(app, config.host, config.port);
  log.info({ address, standalone: config.standalone }, 'the orders service listens');
});
