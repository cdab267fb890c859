import { setTimeout as delay } from 'node:timers/promises';
import { createLog } from '#kernel/log.ts';
import { loadPlan } from '#plan/load-config.ts';
import { startOperator } from '../start-operator.ts';
import { beginHandover } from './begin-handover.ts';

/**
 * For tests: an operator in a process of its own that leads, begins one handover, and ends when that has ended for it.
 * Arguments: group, kind. `MATAPALO_FAULT` kills or stops it on the way.
 */
const [group = '', kind] = process.argv.slice(2);
const running = await startOperator({
  plan: await loadPlan(),
  port: 0,
  log: createLog('operator', 'silent'),
  leaseMs: 1_000,
});
while (running.operator.lead.current === undefined) await delay(10);
await beginHandover(running.operator, group, kind === 'rollback' ? 'rollback' : 'switch');
do await delay(10);
while (running.operator.running.size > 0);
process.exit(0);
