import type { Queryable } from '#kernel/db/pool.ts';
import { ident } from '#kernel/db/sql.ts';
import { readCatalog, type ColumnFacts } from '#plan/mapping/carried-columns.ts';
import type { Blind } from '#plan/mapping/carried-types.ts';
import type { TableFlow } from '#plan/mapping/flow.ts';
import { loadFlows } from '#plan/mapping/load-flows.ts';
import { directions, sourceSide } from '#plan/phase.ts';
import { databaseFor, type Finding, type Subject } from './finding.ts';

/**
 * Columns that the transport `debezium` would not carry exactly, by name: types that it has no text for, and types with single values
 * that arrive as others do (the time 24:00:00 as 00:00:00), unless a CHECK constraint keeps those out.
 */
export async function checkCarried(subject: Subject): Promise<Finding[]> {
  // A mapping that does not fit has findings of its own.
  const flows = await loadFlows(subject.group, subject.legacy, subject.service).catch(() => undefined);
  if (flows === undefined) return [];
  const findings: Finding[] = [];
  for (const direction of directions) {
    const side = sourceSide(direction);
    const db = databaseFor(subject, side);
    const reads = readsByTable(flows[direction]);
    const catalog = await readCatalog(db, [...reads.keys()]);
    for (const [table, columns] of reads) {
      for (const name of columns) {
        const column = catalog.get(table)?.columns.get(name);
        if (column === undefined) continue;
        for (const reason of await lossesOf(db, table, name, column)) {
          findings.push({
            level: 'refuse',
            side,
            where: `${table}.${name}`,
            message: `Column "${name}" of ${table} cannot be carried exactly by the transport debezium: ${reason.what}.`,
            mend: reason.mend,
          });
        }
      }
    }
  }
  return findings;
}

function readsByTable(flows: readonly TableFlow[]): Map<string, Set<string>> {
  const reads = new Map<string, Set<string>>();
  for (const flow of flows) {
    const names = reads.get(flow.source.ref.name) ?? new Set();
    for (const column of flow.reads) names.add(column.name);
    reads.set(flow.source.ref.name, names);
  }
  return reads;
}

async function lossesOf(
  db: Queryable,
  table: string,
  name: string,
  { carried, typeOid }: ColumnFacts,
): Promise<{ what: string; mend: string }[]> {
  const direct = `Use the transport direct, which carries every type (\`transport: 'direct'\`)`;
  if ('refused' in carried)
    return [{ what: `it is ${carried.refused}`, mend: `${direct}, or leave the column out.` }];
  if (carried.blind.length === 0) return [];
  const checks = await checksOf(db, table, name);
  const losses = new Map<string, { what: string; mend: string }>();
  for (const blind of carried.blind) {
    if (await isKeptOut(db, name, typeOid, blind, checks)) continue;
    const check = blind.check.replaceAll('%c', ident(name));
    losses.set(check, {
      what: `${blind.what} would arrive as another value`,
      mend: `ALTER TABLE ${table.split('.').map(ident).join('.')} ADD CHECK (${check});`,
    });
  }
  return [...losses.values()];
}

/** Validated constraints that read this column alone. */
async function checksOf(db: Queryable, table: string, name: string): Promise<string[]> {
  const { rows } = await db.query<{ expression: string }>(
    `select pg_get_expr(c.conbin, c.conrelid) as expression
       from pg_constraint c join pg_class t on t.oid = c.conrelid join pg_namespace n on n.oid = t.relnamespace
       join pg_attribute a on a.attrelid = t.oid and a.attname = $2
      where c.contype = 'c' and c.convalidated and n.nspname || '.' || t.relname = $1 and c.conkey = array[a.attnum]`,
    [table, name],
  );
  return rows.map((row) => row.expression);
}

async function isKeptOut(
  db: Queryable,
  name: string,
  typeOid: number,
  blind: Blind,
  checks: readonly string[],
): Promise<boolean> {
  const { rows: types } = await db.query<{ type: string }>(
    `select format_type($1::int8::oid, null) as type`,
    [typeOid >>> 0],
  );
  const type = types[0]?.type ?? 'text';
  try {
    const tried = checks.map((check) => `(${check}) is false`).join(' or ') || 'false';
    const { rows } = await db.query<{ out: boolean }>(
      `select ${tried} as out from (select (${blind.value})::${type} as ${ident(name)}) v`,
    );
    return rows[0]?.out === true;
  } catch {
    // The type itself refuses the value: a domain's constraint, or a server that has no such value.
    return true;
  }
}
