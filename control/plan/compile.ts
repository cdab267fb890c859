import { createHash } from 'node:crypto';
import { MatapaloError } from '#kernel/errors.ts';
import { splitTable } from '#kernel/db/sql.ts';
import type {
  GroupConfig,
  GroupLimits,
  RouteConfig,
  SideConfig,
  StranglerConfig,
  TableConfig,
} from './config.ts';
import type { Direction, Side } from './phase.ts';

export interface Plan {
  config: StranglerConfig;
  /** Changes with anything that routes or maps; proxies and operators compare it. */
  hash: string;
  groups: ReadonlyMap<string, GroupPlan>;
}

export interface GroupPlan {
  name: string;
  service: SideConfig & { name: string };
  monolith: SideConfig;
  routes: readonly RoutePlan[];
  tables: readonly TablePlan[];
  sequences: readonly { legacy: string; service: string }[];
  writers: readonly string[];
  readBy: readonly string[];
  limits: Required<GroupLimits>;
}

export interface RoutePlan {
  group: string;
  method: string;
  path: string;
  writes: boolean;
  auth: 'pass' | 'verify';
  scopes: readonly string[];
  shadow: { sample: number; ignore: readonly string[] } | undefined;
  timeoutMs: number | undefined;
}

/** One entry of `tables`, named by its position so that progress rows can refer to it. */
export interface TablePlan {
  /** `<legacy>><service>`, unique in the group. */
  id: string;
  legacy: TableRef;
  service: TableRef;
  key: { legacy: readonly string[]; service: readonly string[] } | undefined;
  forward: Readonly<Record<string, string>>;
  reverse: Readonly<Record<string, string>>;
  /** Whether this entry decides that a row of the target exists, by direction. */
  anchors: Readonly<Record<Direction, boolean>>;
}

export interface TableRef {
  schema: string;
  table: string;
  /** `schema.table`, unquoted. */
  name: string;
}

export const defaultLimits: Required<GroupLimits> = {
  maxLagMs: 2_000,
  verificationTtlMs: 3_600_000,
  maxMismatchRate: 0.001,
  minComparisons: 100,
  pauseBudgetMs: 1_000,
  maxHeld: 1_000,
  maxHoldMs: 5_000,
  drainTimeoutMs: 5_000,
  catchUpTimeoutMs: 5_000,
};

/** Turns a checked configuration into what the processes work with. Pure. */
export function compilePlan(config: StranglerConfig): Plan {
  const groups = new Map<string, GroupPlan>();
  for (const [name, group] of Object.entries(config.groups))
    groups.set(name, compileGroup(config, name, group));
  const hash = createHash('sha256')
    .update(
      JSON.stringify(
        [...groups.values()].map((g) => [g.name, g.service.name, g.routes, g.tables, g.writers]),
      ),
    )
    .digest('hex')
    .slice(0, 16);
  return { config, hash, groups };
}

function compileGroup(config: StranglerConfig, name: string, group: GroupConfig): GroupPlan {
  const service = config.services[group.service];
  if (service === undefined) {
    throw new MatapaloError(
      'config-invalid',
      `groups.${name}.service names "${group.service}", which services does not have.`,
    );
  }
  return {
    name,
    service: { ...service, name: group.service },
    monolith: config.monolith,
    routes: group.routes.map((route) => compileRoute(name, typeof route === 'string' ? { route } : route)),
    tables: compileTables(group.tables),
    sequences: group.sequences ?? [],
    writers: group.writers ?? [],
    readBy: group.readBy ?? [],
    limits: { ...defaultLimits, ...group.limits },
  };
}

const readMethods = new Set(['GET', 'HEAD', 'OPTIONS']);

export function compileRoute(group: string, route: RouteConfig): RoutePlan {
  const space = route.route.indexOf(' ');
  const method = route.route.slice(0, space).toUpperCase();
  const shadow = route.shadow ?? true;
  const writes = route.writes ?? !readMethods.has(method);
  const scopes = route.scopes ?? [];
  return {
    group,
    method,
    path: route.route.slice(space + 1).trim(),
    writes,
    auth: scopes.length > 0 ? 'verify' : (route.auth ?? 'pass'),
    scopes,
    shadow:
      writes || shadow === false
        ? undefined
        : {
            sample: shadow === true ? 1 : (shadow.sample ?? 1),
            ignore: shadow === true ? [] : (shadow.ignore ?? []),
          },
    timeoutMs: route.timeoutMs,
  };
}

function compileTables(tables: readonly TableConfig[]): TablePlan[] {
  const refs = tables.map((table) => ({
    table,
    legacy: tableRef(table.legacy),
    service: tableRef(table.service),
  }));
  const shares = (side: Side, name: string) => refs.filter((other) => other[side].name === name).length > 1;
  return refs.map(({ table, legacy, service }) => ({
    id: `${legacy.name}>${service.name}`,
    legacy,
    service,
    key: table.key,
    forward: table.forward,
    reverse: table.reverse,
    anchors: {
      forward: !shares('service', service.name) || table.anchor === true,
      reverse: !shares('legacy', legacy.name) || table.anchor === true,
    },
  }));
}

export function tableRef(name: string): TableRef {
  const { schema, table } = splitTable(name);
  return { schema, table, name: `${schema}.${table}` };
}

/** The group's entry, or an error that lists those that exist. */
export function groupOf(plan: Plan, name: string): GroupPlan {
  const group = plan.groups.get(name);
  if (group === undefined) {
    throw new MatapaloError('not-found', `There is no group "${name}".`, {
      hint: `The config has: ${[...plan.groups.keys()].join(', ')}.`,
    });
  }
  return group;
}

/** Connection string of a side's database. */
export function databaseOf(group: GroupPlan, side: Side): string {
  return side === 'legacy' ? group.monolith.database : group.service.database;
}
