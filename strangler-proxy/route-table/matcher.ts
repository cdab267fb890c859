import FindMyWay from 'find-my-way';
import { METHODS } from 'node:http';
import { MatapaloError } from '#kernel/errors.ts';
import { compileRoute, type Plan, type RoutePlan } from '#plan/compile.ts';

export interface Matcher {
  /** The route of a method and a normalised path. */
  match(method: string, path: string): RoutePlan | undefined;
}

type Method = Parameters<ReturnType<typeof FindMyWay>['find']>[0];

// A method that the router does not know could never be told apart from a route's own.
const known = new Set(METHODS.filter((method) => method !== 'CONNECT' && method !== 'QUERY'));

/**
 * Built once per plan: phases come and go without a rebuild, and a match costs the same with 10 or 10,000 routes.
 * It matches at least as widely as any upstream may (case, trailing slash, HEAD and preflight of each route, parameters
 * of any length), so that no spelling of a path reaches a moved route's data without its authorisation and its hold.
 */
export function createMatcher(plan: Plan): Matcher {
  const router = FindMyWay({
    caseSensitive: false,
    ignoreTrailingSlash: true,
    maxParamLength: 65_536,
    querystringParser: () => ({}),
    onBadUrl: () => undefined,
  });
  const taken = new Set<string>();
  const add = (method: string, route: RoutePlan) => {
    taken.add(`${method} ${shapeOf(route.path)}`);
    try {
      router.on(method as Method, route.path, nothing, route);
    } catch (cause) {
      throw new MatapaloError(
        'config-invalid',
        `Route ${route.method} ${route.path} of group ${route.group} cannot be told apart from another.`,
        { hint: 'Paths are compared without case and trailing slash; change one of the two.', cause },
      );
    }
  };
  const routes = [...plan.groups.values()].flatMap((group) => group.routes);
  for (const route of routes) if (route.method !== '*') add(route.method, route);
  for (const route of anyMethodRoutes(plan)) {
    if (!taken.has(`${route.method} ${shapeOf(route.path)}`)) add(route.method, route);
  }
  // Frameworks answer HEAD for each GET, and a preflight for each path, without anyone declaring it.
  for (const route of routes) {
    const shape = shapeOf(route.path);
    if (route.method === 'GET' && !taken.has(`HEAD ${shape}`)) add('HEAD', { ...route, shadow: undefined });
    if (!taken.has(`OPTIONS ${shape}`)) {
      add('OPTIONS', { ...route, writes: false, auth: 'pass', scopes: [], shadow: undefined });
    }
  }
  return {
    match(method, path) {
      if (!known.has(method)) return undefined;
      return router.find(method as Method, path)?.store as RoutePlan | undefined;
    },
  };
}

const nothing = () => undefined;

/** A route for all methods, once for each: whether it writes then follows the method, unless the config says. */
function anyMethodRoutes(plan: Plan): RoutePlan[] {
  return Object.entries(plan.config.groups).flatMap(([group, { routes }]) =>
    routes.flatMap((item) => {
      const config = typeof item === 'string' ? { route: item } : item;
      if (!config.route.startsWith('* ')) return [];
      return [...known].map((method) =>
        compileRoute(group, { ...config, route: `${method} ${config.route.slice(2)}` }),
      );
    }),
  );
}

function shapeOf(path: string): string {
  return path
    .replace(/:[A-Za-z0-9_]+/g, ':')
    .replace(/(.)\/$/, '$1')
    .toLowerCase();
}
