import { startWorker, type Worker } from '#cdc/worker/worker.ts';
import { createLog } from '#kernel/log.ts';
import { runMain } from '#kernel/shutdown.ts';
import { compilePlan } from '#plan/compile.ts';
import type { StranglerConfig } from '#plan/config.ts';

/** A cdc worker of its own for the bench, configured through the environment instead of a file. */
const log = createLog('bench worker');

runMain(log, async (shutdown) => {
  const plan = compilePlan(JSON.parse(process.env['BENCH_CONFIG'] ?? '{}') as StranglerConfig);
  let worker: Worker | undefined = await startWorker({ plan, log });
  const stop = async () => {
    await worker?.stop();
    worker = undefined;
  };
  shutdown.add('worker', stop);
  // The native peer's apply worker is resumed without a process start of this size; neither is ours.
  process.on('message', (message) => {
    void (async () => {
      if (message === 'pause') await stop();
      else worker = await startWorker({ plan, log });
      process.send?.('done');
    })();
  });
  process.send?.('done');
});
