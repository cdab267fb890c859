import { MatapaloError } from '#kernel/errors.ts';
import { groupOf } from '#plan/compile.ts';
import { directions } from '#plan/phase.ts';
import { readProgress } from '#plan/store/progress.ts';
import { readJournal } from '../journal/journal.ts';
import { readHistory, readTransition } from '../journal/transitions.ts';
import { doctor } from '../maintenance/doctor.ts';
import { preflightAll } from '../maintenance/preflight.ts';
import type { Operator } from '../operator.ts';
import { waitEnded } from '../transitions/start.ts';
import { text, type ApiRoute } from './api-route.ts';
import { readJob } from './jobs.ts';
import { status } from './status.ts';

const read = { method: 'GET', role: 'viewer', changes: false } as const;
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

async function transitionView(op: Operator, id: string | undefined, waitMs = 0) {
  if (id === undefined || !uuid.test(id))
    throw new MatapaloError('not-found', 'There is no transition with that id.');
  const transition =
    waitMs > 0 ? await waitEnded(op, id, Math.min(waitMs, 30_000)) : await readTransition(op.control, id);
  if (transition === undefined) throw new MatapaloError('not-found', `There is no transition ${id}.`);
  return { ...transition, journal: await readJournal(op.control, id) };
}

const optionalText = (value: unknown) => (typeof value === 'string' ? value : undefined);

export const readRoutes: readonly ApiRoute[] = [
  {
    ...read,
    path: '/api/whoami',
    summary: 'Whose token it is, and what it may',
    handle: async ({ caller }) => ({ name: caller.name, role: caller.role }),
  },
  {
    ...read,
    path: '/api/status',
    summary: 'Where everything stands',
    handle: ({ op }) => status(op),
  },
  {
    ...read,
    path: '/api/plan',
    summary: 'What the configuration says',
    handle: async ({ op }) => ({
      hash: op.plan.hash,
      groups: [...op.plan.groups.values()].map((group) => ({
        name: group.name,
        service: group.service.name,
        routes: group.routes,
        tables: group.tables.map(({ id, forward, reverse, key }) => ({ id, key, forward, reverse })),
        writers: group.writers,
        readBy: group.readBy,
        limits: group.limits,
      })),
    }),
  },
  {
    ...read,
    path: '/api/groups/{group}',
    summary: 'One group, with comparisons by route and samples of differences',
    handle: async ({ op, params }) => {
      const name = params['group'] ?? '';
      const all = await status(op, name);
      const [routes, samples, verifications] = await Promise.all([
        op.control.query(
          `select route, class, count from comparison where group_name = $1 order by route, class`,
          [name],
        ),
        op.control.query(
          `select route, class, detail, at from comparison_sample where group_name = $1 order by id desc limit 20`,
          [name],
        ),
        op.control.query(
          `select direction, state, rows, missing, extra, different, samples, progress, started_at as "startedAt",
                  ended_at as "endedAt", expires_at as "expiresAt"
             from verification where group_name = $1 order by started_at desc limit 10`,
          [name],
        ),
      ]);
      return {
        ...all.groups[0],
        comparisonsByRoute: routes.rows,
        comparisonSamples: samples.rows,
        verifications: verifications.rows,
      };
    },
  },
  {
    ...read,
    path: '/api/lag',
    summary: 'How far each direction is behind, in milliseconds, and its parts',
    query: { group: text },
    handle: async ({ op, query }) => {
      const only = optionalText(query['group']);
      if (only !== undefined) groupOf(op.plan, only);
      const progress = await readProgress(op.control, only);
      return {
        directions,
        lag: progress.map((row) => ({
          group: row.group,
          direction: row.direction,
          state: row.state,
          lagMs: row.lagMs,
          captureLagMs: row.captureLagMs,
          applyLagMs: row.applyLagMs,
          retainedBytes: row.retainedBytes,
          slotState: row.slotState,
          rowsApplied: row.rowsApplied,
          backfill: row.backfill,
          error: row.error,
          beatAt: row.beat?.at,
          updatedAt: row.updatedAt,
        })),
      };
    },
  },
  {
    ...read,
    path: '/api/history',
    summary: 'Transitions, newest first',
    query: { group: text, limit: { type: 'integer', minimum: 1, maximum: 500 } },
    handle: async ({ op, query }) => ({
      transitions: await readHistory(
        op.control,
        optionalText(query['group']),
        typeof query['limit'] === 'number' ? query['limit'] : 50,
      ),
    }),
  },
  {
    ...read,
    path: '/api/audit',
    summary: 'Who asked for what, newest first',
    query: { limit: { type: 'integer', minimum: 1, maximum: 500 } },
    handle: async ({ op, query }) => {
      const limit = typeof query['limit'] === 'number' ? query['limit'] : 100;
      const { rows } = await op.control.query(
        'select at, who, role, action, target, outcome, detail from audit order by id desc limit $1',
        [limit],
      );
      return { audit: rows };
    },
  },
  {
    ...read,
    path: '/api/groups/{group}/journal/{id}',
    summary: 'A transition and each step of its journal',
    handle: ({ op, params }) => transitionView(op, params['id']),
  },
  {
    ...read,
    path: '/api/transitions/{id}',
    summary: 'A transition and its journal; with waitMs, answered when it has ended or after that time',
    query: { waitMs: { type: 'integer', minimum: 0, maximum: 30_000 } },
    handle: ({ op, params, query }) =>
      transitionView(op, params['id'], typeof query['waitMs'] === 'number' ? query['waitMs'] : 0),
  },
  {
    ...read,
    path: '/api/jobs/{id}',
    summary: 'Work that the cdc worker does or did',
    handle: ({ op, params }) => readJob(op, params['id'] ?? ''),
  },
  {
    ...read,
    path: '/api/doctor',
    summary: 'What is not as it should be, each with what helps',
    query: { group: text },
    handle: async ({ op, query }) => ({ findings: await doctor(op, optionalText(query['group'])) }),
  },
  {
    ...read,
    path: '/api/preflight',
    summary:
      'Whether databases and mappings meet what the tool needs, each finding with the statement that mends it',
    query: { group: text },
    handle: async ({ op, query }) => ({
      findings: await preflightAll(op.plan, op.databases, optionalText(query['group'])),
    }),
  },
];
