import { MatapaloError } from '#kernel/errors.ts';
import { transitionKinds } from '#plan/phase.ts';
import { groupOf } from '#plan/compile.ts';
import { ownerIn } from '#plan/phase.ts';
import { channels } from '#plan/names.ts';
import { readGroup, setStopped } from '#plan/store/groups.ts';
import { decommission } from '../maintenance/decommission.ts';
import { uninstall } from '../maintenance/uninstall.ts';
import { look, start, type Ask } from '../transitions/start.ts';
import { directionSchema, flag, text, type ApiCall, type ApiRoute } from './api-route.ts';
import { addJob, jobKinds, type JobKind } from './jobs.ts';
import { createToken } from './tokens.ts';

const change = { method: 'POST', role: 'operator', changes: true } as const;

const dryRun = { dryRun: flag };

const transitionRoutes: ApiRoute[] = transitionKinds.map((kind) => ({
  ...change,
  path: `/api/groups/{group}/${kind}`,
  summary: `Starts ${kind}; with dryRun, says what it would do and whether it may`,
  query: dryRun,
  ...(kind === 'canary'
    ? { body: { properties: { percent: { type: 'integer', minimum: 1, maximum: 100 } } } }
    : {}),
  status: 202,
  handle: async ({ op, params, query, body, caller }) => {
    const percent = body['percent'];
    const ask: Ask = {
      group: params['group'] ?? '',
      kind,
      askedBy: caller.name,
      ...(typeof percent === 'number' ? { canaryPercent: percent } : {}),
    };
    if (query['dryRun'] === true) {
      const { transition: _transition, ...outlook } = await look(op, ask);
      return outlook;
    }
    const transition = await start(op, ask);
    return { id: transition.id, predictedPauseMs: transition.predictedPauseMs };
  },
}));

const summaries: Record<JobKind, string> = {
  verify: 'Compares both sides through the mapping',
  repair: 'Mends what verification found; with dryRun, says what it would do',
  skip: 'Skips exactly the change that stopped the group',
  resync: 'Makes a lost slot anew, then verifies and repairs',
};

const jobRoutes: ApiRoute[] = jobKinds.map((kind) => ({
  ...change,
  path: `/api/groups/{group}/${kind}`,
  summary: summaries[kind],
  query: dryRun,
  body: { properties: { direction: directionSchema } },
  status: 202,
  handle: async (call) => {
    const group = call.params['group'] ?? '';
    const direction = await directionFor(call, group);
    const dry = call.query['dryRun'] === true;
    // Only repair can tell what it would do; for the others a dry run says that they would be asked for.
    if (dry && kind !== 'repair') return { group, kind, direction, dryRun: true };
    return addJob(call.op, kind, group, { direction, ...(dry ? { dryRun: true } : {}) }, call.caller.name);
  },
}));

/** The direction that is live: towards the side that does not own the group. */
async function directionFor({ op, body }: ApiCall, group: string): Promise<string> {
  groupOf(op.plan, group);
  if (typeof body['direction'] === 'string') return body['direction'];
  const state = await readGroup(op.control, group);
  return state !== undefined && ownerIn(state.phase) === 'service' ? 'reverse' : 'forward';
}

export const changeRoutes: readonly ApiRoute[] = [
  ...transitionRoutes,
  ...jobRoutes,
  {
    ...change,
    path: '/api/groups/{group}/resume',
    summary: 'Clears a stop after its cause has been mended; sync goes on from where it stood',
    query: dryRun,
    handle: async ({ op, params, query }) => {
      const group = groupOf(op.plan, params['group'] ?? '').name;
      const state = await readGroup(op.control, group);
      if (state?.stopped === undefined) throw new MatapaloError('conflict', `Group ${group} is not stopped.`);
      if (query['dryRun'] !== true) {
        await setStopped(op.control, group, undefined);
        await op.control.query('select pg_notify($1, $2)', [channels.jobs, group]);
      }
      return { group, cleared: state.stopped, dryRun: query['dryRun'] === true };
    },
  },
  {
    ...change,
    path: '/api/uninstall',
    summary: 'Leaves each database as it was found; refused while a service owns a group',
    query: dryRun,
    handle: ({ op, query }) => uninstall(op, query['dryRun'] === true),
  },
  {
    ...change,
    path: '/api/decommission',
    summary: 'Proves that nothing needs the monolith any more, and says so for good',
    query: dryRun,
    handle: ({ op, query, caller }) => decommission(op, query['dryRun'] === true, caller.name),
  },
  {
    ...change,
    path: '/api/tokens',
    summary: 'Makes a token; it is shown in this answer and never again',
    body: {
      properties: { name: text, role: { type: 'string', enum: ['viewer', 'operator'] } },
      required: ['name', 'role'],
    },
    status: 201,
    handle: async ({ op, body }) => {
      const name = String(body['name']);
      const taken = await op.control.query('select from api_token where name = $1', [name]);
      if (taken.rowCount !== 0)
        throw new MatapaloError('conflict', `There is a token named ${name} already.`);
      const role = body['role'] === 'operator' ? 'operator' : 'viewer';
      return { name, role, token: await createToken(op.control, name, role) };
    },
  },
  {
    method: 'DELETE',
    role: 'operator',
    changes: true,
    path: '/api/tokens/{name}',
    summary: 'Revokes a token',
    handle: async ({ op, params, caller }) => {
      const name = params['name'] ?? '';
      if (name === caller.name)
        throw new MatapaloError('conflict', 'A token cannot revoke itself.', { hint: 'Use another one.' });
      const { rowCount } = await op.control.query('delete from api_token where name = $1', [name]);
      if (rowCount === 0) throw new MatapaloError('not-found', `There is no token named ${name}.`);
      return { revoked: name };
    },
  },
];
