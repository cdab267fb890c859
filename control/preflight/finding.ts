import type { Queryable } from '#kernel/db/pool.ts';
import type { GroupPlan } from '#plan/compile.ts';
import type { Side } from '#plan/phase.ts';

/** `refuse`: nothing may be changed while it stands. `warn`: look at it; `blocks` names transitions that it stops. */
export type Level = 'refuse' | 'warn' | 'info';

export interface Finding {
  level: Level;
  side: Side | undefined;
  /** What it is about: a database, a table, a column, an entry of the config. */
  where: string;
  message: string;
  /** The statement or command that mends it, to be run as it is where it begins with a keyword of SQL. */
  mend: string;
  /** Field of the config from its root, for `lineOf`. */
  path?: readonly string[];
  blocks?: readonly ('switch' | 'retire')[];
  /** A right is missing: later checks would only follow from that. */
  lacksRight?: true;
  /** Rows of the table `where` cannot be read. */
  hidesRows?: true;
}

/** What every check gets. Connections are of the tool's role, with the tool's session settings. */
export interface Subject {
  group: GroupPlan;
  legacy: Queryable;
  service: Queryable;
}

export function databaseFor(subject: Subject, side: Side): Queryable {
  return side === 'legacy' ? subject.legacy : subject.service;
}

/** Path of an entry's field in the config. */
export function entryPath(group: GroupPlan, entry: number, path: readonly string[]): string[] {
  return ['groups', group.name, 'tables', String(entry), ...path];
}
