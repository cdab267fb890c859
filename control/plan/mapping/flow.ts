import type { TablePlan } from '../compile.ts';
import type { Direction } from '../phase.ts';
import type { ColumnShape, TableShape } from './shape.ts';

/** One table entry in one direction, resolved against both databases: what backfill, apply, verify and repair work with. */
export interface TableFlow {
  /** The entry's id; the same in both directions. */
  id: string;
  direction: Direction;
  source: TableShape;
  target: TableShape;
  /** Key columns, pairwise; source ones are in the source's replica identity. */
  key: readonly { source: string; target: string }[];
  /** Every mapped target column, keys first, with its expression over the source's columns. */
  columns: readonly FlowColumn[];
  /** False: this entry only fills columns of rows that another entry creates. */
  anchor: boolean;
  /** Source columns that expressions may read. A missing one (unchanged TOAST) leaves its target column alone. */
  reads: readonly ColumnShape[];
}

export interface FlowColumn {
  name: string;
  /** The target column's exact type. */
  type: string;
  /** As the user wrote it. */
  expression: string;
  /** Source columns that the expression names. */
  reads: readonly string[];
  isKey: boolean;
}

export interface FlowProblem {
  /** Path below the entry, e.g. `['forward', 'price']`. */
  path: string[];
  message: string;
}

/** Resolves an entry; problems are refusals (nothing may be changed while there is one). Pure. */
export function resolveFlow(
  entry: TablePlan,
  direction: Direction,
  legacy: TableShape,
  service: TableShape,
): { flow: TableFlow | undefined; problems: FlowProblem[] } {
  const [source, target] = direction === 'forward' ? [legacy, service] : [service, legacy];
  const expressions = entry[direction];
  const problems: FlowProblem[] = [];
  const key = keyOf(entry, direction, legacy, service);
  if (key === undefined) {
    problems.push({
      path: ['key'],
      message: `${legacy.ref.name} and ${service.ref.name} have no primary keys of the same length; name the key's columns`,
    });
  }
  const byName = new Map(target.columns.map((column) => [column.name, column]));
  const columns: FlowColumn[] = [];
  for (const [name, expression] of Object.entries(expressions)) {
    const column = byName.get(name);
    if (column === undefined) {
      problems.push({ path: [direction, name], message: `${target.ref.name} has no column "${name}"` });
    } else if (column.generated) {
      problems.push({
        path: [direction, name],
        message: `"${name}" is a generated column and cannot be written`,
      });
    } else {
      const reads = columnsRead(expression, source);
      columns.push({
        name,
        type: column.type,
        expression,
        reads,
        isKey: key?.some((k) => k.target === name) ?? false,
      });
    }
  }
  for (const pair of key ?? []) {
    if (!source.columns.some((column) => column.name === pair.source)) {
      problems.push({ path: ['key'], message: `${source.ref.name} has no column "${pair.source}"` });
    } else if (!source.identityColumns.includes(pair.source)) {
      problems.push({
        path: ['key'],
        message: `"${pair.source}" is not in the replica identity of ${source.ref.name}: a delete would not name the row. Make it the primary key, or: ALTER TABLE ${source.ref.name} REPLICA IDENTITY FULL`,
      });
    }
    const mapped = columns.find((column) => column.name === pair.target);
    if (mapped === undefined)
      problems.push({ path: [direction], message: `the key column "${pair.target}" is not mapped` });
    else if (mapped.reads.some((read) => !source.identityColumns.includes(read))) {
      problems.push({
        path: [direction, pair.target],
        message: 'a key may only read columns of the replica identity',
      });
    }
  }
  const anchor = entry.anchors[direction];
  if (anchor) {
    for (const column of target.columns) {
      if (column.notNull && !column.hasDefault && !column.generated && !(column.name in expressions)) {
        problems.push({
          path: [direction],
          message: `${target.ref.name}."${column.name}" is NOT NULL without a default, and is not mapped`,
        });
      }
    }
  }
  // A table without any unique key may have a declared one: preflight looks for rows that share it.
  const declared = entry.key !== undefined && target.uniqueKeys.length === 0;
  if (
    key !== undefined &&
    anchor &&
    !declared &&
    !target.uniqueKeys.some((unique) =>
      sameSet(
        unique,
        key.map((k) => k.target),
      ),
    )
  ) {
    problems.push({
      path: ['key'],
      message: `${target.ref.name} has no unique index on (${key.map((k) => k.target).join(', ')})`,
    });
  }
  if (problems.length > 0 || key === undefined) return { flow: undefined, problems };
  const used = new Set([...columns.flatMap((column) => column.reads), ...key.map((k) => k.source)]);
  columns.sort((a, b) => Number(b.isKey) - Number(a.isKey));
  return {
    flow: {
      id: entry.id,
      direction,
      source,
      target,
      key,
      columns,
      anchor,
      reads: source.columns.filter((column) => used.has(column.name)),
    },
    problems,
  };
}

function keyOf(entry: TablePlan, direction: Direction, legacy: TableShape, service: TableShape) {
  const pairs = entry.key ?? { legacy: legacy.primaryKey, service: service.primaryKey };
  if (pairs.legacy.length === 0 || pairs.legacy.length !== pairs.service.length) return undefined;
  return pairs.legacy.map((name, index) => {
    const other = pairs.service[index] ?? name;
    return direction === 'forward' ? { source: name, target: other } : { source: other, target: name };
  });
}

/**
 * Source columns that an expression names, found by its words outside string literals. A function or a keyword of the
 * same name as a column counts as a read, which is harmless: the column is carried although nothing needs it.
 */
export function columnsRead(expression: string, source: TableShape): string[] {
  const names = new Set(source.columns.map((column) => column.name));
  const words = new Set<string>();
  for (const match of expression.matchAll(
    /'(?:[^']|'')*'|"((?:[^"]|"")+)"|[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/g,
  )) {
    const quoted = match[1];
    if (quoted !== undefined) words.add(quoted.replaceAll('""', '"'));
    else if (!match[0].startsWith("'")) words.add(match[0].toLowerCase());
  }
  return [...words].filter((word) => names.has(word));
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item) => b.includes(item));
}
