import type { DebeziumConfig } from './debezium-config.ts';

/**
 * The one file a user writes, `strangler.config.ts`, default-exports `defineStrangler({...})`.
 * These are its fields; `check-config.ts` says what is wrong with a value, `compile.ts` turns it into a plan.
 */
export interface StranglerConfig {
  /** The tool's own database: phases, journal, audit. */
  control: { url: string };
  /** At least 32 characters, the same for all proxies and operators: signs cookies, parent ids and forced sides. */
  secret: string;
  monolith: SideConfig;
  services: Record<string, SideConfig>;
  /** How access tokens are verified for routes with `auth: 'verify'`. */
  auth?: { issuer: string; audience: string; jwksUrl: string; algorithms?: string[] };
  proxy?: ProxyConfig;
  operator?: { url: string };
  /** How changes get from database to database: `direct` (default), or through Kafka by Debezium. */
  transport?: 'direct' | 'debezium';
  /** Needed for the transport `debezium`. `transportFromEnv` fills in both by the usual variables. */
  debezium?: DebeziumConfig;
  groups: Record<string, GroupConfig>;
}

export interface SideConfig {
  /** Base URL where requests are forwarded to. */
  url: string;
  /** Base URLs of all instances, where there are several and the proxy shall take turns among them instead of using `url`. */
  instances?: readonly string[];
  /** Answers 2xx when ready; default `<url>/readyz`. */
  readyUrl?: string;
  /** Connection string of the tool's role in this side's database. */
  database: string;
  /**
   * How Kafka Connect finds the password of `database`: a reference that its worker resolves, such as '${env:SHOP_DB_PASSWORD}'.
   * Needed where `database` has a password and the transport is `debezium`: connectors' settings are stored in the clear.
   */
  connectPassword?: string;
}

export interface ProxyConfig {
  /** CIDRs of proxies in front of ours whose X-Forwarded-* are believed; default none. */
  trustedProxies?: string[];
  /** Time a client may take to send its headers. Default 15,000. */
  clientHeadersTimeoutMs?: number;
  /** Connections from clients at once; more are closed at once. Default 10,000. */
  maxConnections?: number;
  /** Time an upstream may take to send its headers. Default 30,000. */
  headersTimeoutMs?: number;
  /** Time between two chunks of an upstream's body. Default 60,000. */
  bodyTimeoutMs?: number;
  connectTimeoutMs?: number;
  /** Connections to one upstream. Default 128. */
  connections?: number;
}

export interface GroupConfig {
  /** A key of `services`. */
  service: string;
  routes: readonly (string | RouteConfig)[];
  tables: readonly TableConfig[];
  /** Sequences that must continue on the other side; identity and serial columns of mapped tables are found by themselves. */
  sequences?: readonly { legacy: string; service: string }[];
  /** Groups whose requests also write this group's tables: held and drained with it. */
  writers?: readonly string[];
  /** Groups that read this group's legacy tables while they live in the monolith: `retire` waits for them. */
  readBy?: readonly string[];
  limits?: GroupLimits;
}

export interface GroupLimits {
  /** A switch is refused while forward lag is above this. Default 2,000. */
  maxLagMs?: number;
  /** A verification counts for this long. Default 3,600,000. */
  verificationTtlMs?: number;
  /** Share of shadow comparisons that may differ by `code`. Default 0.001. */
  maxMismatchRate?: number;
  /** Comparisons needed before a switch. Default 100; 0 turns the gate off. */
  minComparisons?: number;
  /** A switch whose predicted pause is longer is refused. Default 1,000. */
  pauseBudgetMs?: number;
  /** Requests held at once, per proxy. Default 1,000. */
  maxHeld?: number;
  /** Longest hold before 503. Default 5,000. */
  maxHoldMs?: number;
  /** Wait for requests in flight, then undo. Default 5,000. */
  drainTimeoutMs?: number;
  /** Wait for the last beat to be applied, then undo. Default 5,000. */
  catchUpTimeoutMs?: number;
}

export interface RouteConfig {
  /** `METHOD /path/:param` in find-my-way's syntax; `*` as method for all, `/*` as a tail for a subtree. */
  route: string;
  /** Default by method: GET, HEAD and OPTIONS do not write. */
  writes?: boolean;
  /** `pass` forwards credentials untouched (default); `verify` refuses bad tokens at the proxy. */
  auth?: 'pass' | 'verify';
  /** All are needed; implies `verify`. */
  scopes?: readonly string[];
  /** False excludes the route from shadow copies. `ignore` lists JSON pointers that may differ. */
  shadow?: boolean | { ignore?: readonly string[]; sample?: number };
  timeoutMs?: number;
}

/**
 * How a legacy table's rows become a service table's, and back. Expressions are SQL over the other side's columns,
 * row-local and immutable; they are cast to the column's exact type. Columns that no expression names are left alone.
 */
export interface TableConfig {
  /** `table` or `schema.table`. */
  legacy: string;
  service: string;
  /** Columns that identify a row, pairwise. Default: the tables' primary keys when their lengths agree. */
  key?: { legacy: readonly string[]; service: readonly string[] };
  /** Service column to expression over legacy columns; the key's columns included. */
  forward: Record<string, string>;
  /** Legacy column to expression over service columns; the key's columns included. */
  reverse: Record<string, string>;
  /**
   * Where several entries share a table, the one that decides whether its row exists. Needed on exactly one entry of each
   * such table; the others only fill columns of a row that is there.
   */
  anchor?: boolean;
}

export { transportFromEnv } from './debezium-config.ts';

/** Types the configuration; the values are checked when a process loads it. */
export function defineStrangler(config: StranglerConfig): StranglerConfig {
  return config;
}
