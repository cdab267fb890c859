import { dropTriggers } from '#guard/install.ts';
import { end, publish, step, type Run } from './run.ts';
import { waitTornDown } from './teardown.ts';

/**
 * Ends reverse sync. The service's triggers go with it (its row stays, so that it goes on knowing itself as the owner); legacy's stay, and keep its tables closed, until the table or the
 * database is gone. After the publication there is only forward.
 */
export async function retire(run: Run): Promise<void> {
  const { op, group } = run;
  await step(run, 'publishing', {}, true);
  await publish(run, 'published', { phase: 'retired' });
  await step(run, 'teardown');
  await waitTornDown(run);
  await step(run, 'unguard-service');
  await dropTriggers(op.databases.of(group, 'service'), group, 'service');
  await end(run, 'done', 'done');
}
