import type { FastifyInstance, FastifyRequest } from 'fastify';
import { MatapaloError } from '#kernel/errors.ts';
import { readLeader } from '../lead/lead.ts';
import type { Operator } from '../operator.ts';
import { plain, type ApiRoute } from './api-route.ts';
import { audit } from './audit.ts';
import { authenticate } from './tokens.ts';

/** Serves the routes: origin, caller, role, lead, then the work, then the audit. */
export function registerRoutes(app: FastifyInstance, op: Operator, routes: readonly ApiRoute[]): void {
  for (const route of routes) {
    app.route({
      method: route.method,
      url: route.path.replaceAll(/\{(\w+)\}/g, ':$1'),
      schema: {
        querystring: { type: 'object', properties: route.query ?? {}, additionalProperties: false },
        ...(route.body === undefined
          ? {}
          : {
              body: {
                type: ['object', 'null'],
                properties: route.body.properties,
                required: route.body.required ?? [],
                additionalProperties: false,
              },
            }),
      },
      // Before the schema is looked at: who may not call learns nothing of it.
      onRequest: async (request) => {
        refuseOtherSites(request);
        const caller = await authenticate(op.control, request.headers.authorization);
        callers.set(request, caller);
        if (route.role === 'operator' && caller.role !== 'operator') {
          if (route.changes) await audit(op.control, caller, nameOf(route), request.url, 'forbidden');
          throw new MatapaloError('forbidden', `This needs the role operator; ${caller.name} is a viewer.`);
        }
        if (route.changes) await requireLead(op);
      },
      handler: async (request, reply) => {
        const caller = callers.get(request) ?? { name: 'unknown', role: 'viewer' as const };
        const gone = new AbortController();
        request.raw.once('close', () => {
          if (!reply.raw.writableEnded) gone.abort();
        });
        const call = {
          op,
          caller,
          params: request.params as Record<string, string>,
          query: request.query as Record<string, unknown>,
          body: (request.body ?? {}) as Record<string, unknown>,
          signal: gone.signal,
        };
        const target = call.params['group'] ?? call.params['name'] ?? '';
        const detail = { ...call.query, ...call.body };
        try {
          const result = await route.handle(call);
          if (route.changes) await audit(op.control, caller, nameOf(route), target, 'accepted', detail);
          return await reply.code(route.status ?? 200).send(plain(result));
        } catch (error) {
          if (route.changes) {
            const outcome = error instanceof MatapaloError ? error.code : 'internal';
            await audit(op.control, caller, nameOf(route), target, outcome, detail).catch(() => undefined);
          }
          throw error;
        }
      },
    });
  }
}

const callers = new WeakMap<FastifyRequest, Awaited<ReturnType<typeof authenticate>>>();

function nameOf(route: ApiRoute): string {
  return route.path.split('/').at(-1)?.replaceAll(/[{}]/g, '') === 'name'
    ? `${route.method} ${route.path}`
    : (route.path.split('/').at(-1) ?? route.path);
}

/** No cookie is ever read here, so a foreign page has nothing to ride on; it is refused all the same. */
function refuseOtherSites(request: FastifyRequest): void {
  const { origin, host } = request.headers;
  if (origin === undefined) return;
  const same = URL.canParse(origin) && new URL(origin).host === host;
  if (!same || request.headers['sec-fetch-site'] === 'cross-site')
    throw new MatapaloError('forbidden', 'Requests from other sites are refused.');
}

async function requireLead(op: Operator): Promise<void> {
  if (op.lead.current !== undefined) return;
  const leader = await readLeader(op.control);
  throw new MatapaloError('not-leader', 'This operator does not lead.', {
    hint: leader ? `Ask the leader at ${leader.url}.` : 'No operator leads yet; try again in a moment.',
    extra: leader ? { leader: leader.url } : {},
  });
}
