import { compilePlan, type Plan } from '#plan/compile.ts';
import type { GroupConfig, ProxyConfig, RouteConfig, StranglerConfig } from '#plan/config.ts';

export const secret = 'a secret for tests, of at least 32 characters';

export interface PlanSpec {
  control?: string;
  monolith?: string;
  /** Instances of the monolith, where it has several. */
  instances?: readonly string[];
  service?: string;
  routes?: readonly (string | RouteConfig)[];
  limits?: GroupConfig['limits'];
  /** More groups of the same service, by name. */
  others?: Record<string, { routes: readonly (string | RouteConfig)[]; writers?: readonly string[] }>;
  writers?: readonly string[];
  proxy?: ProxyConfig;
  auth?: StranglerConfig['auth'];
}

const tables = [{ legacy: 't', service: 't', forward: { id: 'id' }, reverse: { id: 'id' } }];

/** A plan with one group, `items`; databases that no proxy touches are named but need not exist. */
export function planOf(spec: PlanSpec = {}): Plan {
  const group = (
    routes: readonly (string | RouteConfig)[],
    writers: readonly string[] = [],
  ): GroupConfig => ({
    service: 'service',
    routes,
    tables,
    writers,
    ...(spec.limits ? { limits: spec.limits } : {}),
  });
  return compilePlan({
    control: { url: spec.control ?? 'postgres://nobody@127.0.0.1:1/control' },
    secret,
    monolith: {
      url: spec.monolith ?? 'http://127.0.0.1:1',
      database: 'postgres://nobody@127.0.0.1:1/legacy',
      ...(spec.instances ? { instances: spec.instances } : {}),
    },
    services: {
      service: {
        url: spec.service ?? 'http://127.0.0.1:1',
        database: 'postgres://nobody@127.0.0.1:1/service',
      },
    },
    ...(spec.proxy ? { proxy: spec.proxy } : {}),
    ...(spec.auth ? { auth: spec.auth } : {}),
    groups: {
      items: group(
        spec.routes ?? ['GET /items', 'POST /items', 'GET /items/:id', 'PUT /items/:id', 'DELETE /items/:id'],
        spec.writers,
      ),
      ...Object.fromEntries(
        Object.entries(spec.others ?? {}).map(([name, other]) => [name, group(other.routes, other.writers)]),
      ),
    },
  });
}
