import { repairJob } from '../verify/repair.ts';
import { resyncJob } from '../verify/resync.ts';
import { verifyJob } from '../verify/verify.ts';
import type { JobHandlers } from './jobs.ts';
import { skip } from './skip.ts';

/** What the worker can do when asked by a row of `job`. */
export const jobHandlers: JobHandlers = { verify: verifyJob, repair: repairJob, resync: resyncJob, skip };
