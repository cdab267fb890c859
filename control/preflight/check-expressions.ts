import { randomUUID } from 'node:crypto';
import type { Queryable } from '#kernel/db/pool.ts';
import { describeError, errorCodeOf } from '#kernel/errors.ts';
import { ident, tableName } from '#kernel/db/sql.ts';
import type { FlowColumn, TableFlow } from '#plan/mapping/flow.ts';
import { sideOfSource, type PathOf } from './config-path.ts';
import type { Finding } from './finding.ts';
import {
  evaluate,
  isLocal,
  portableExpression,
  portableType,
  sampleRows,
  type Sample,
} from './row-source.ts';

const sampleSize = 1_000;

/** Each expression: parses on the source, is row-local and immutable, fits its type on real rows, and means the same on both servers. */
export async function checkExpressions(
  source: Queryable,
  target: Queryable,
  flow: TableFlow,
  pathOf: PathOf,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  const sample = await sampleRows(source, flow.source, sampleSize);
  for (const column of flow.columns) {
    const refuse = (message: string, mend: string) =>
      findings.push({
        level: 'refuse',
        side: sideOfSource(flow),
        where: `${flow.target.ref.name}.${column.name}`,
        message,
        mend,
        path: pathOf([flow.direction, column.name]),
      });
    const parsed = await attempt(
      source,
      `explain select ${portableExpression(flow, column)} from ${tableName(flow.source.ref.name)}`,
    );
    if (parsed !== undefined) {
      refuse(
        `"${column.expression}" cannot be computed from ${flow.source.ref.name}: ${parsed.message}.`,
        'Correct this expression: it may name the columns of the source table only.',
      );
      continue;
    }
    const volatile = await notRowLocal(source, flow, column);
    if (volatile !== undefined) {
      refuse(
        `"${column.expression}" does not depend on its row alone: ${volatile}.`,
        'Use immutable functions of the row only: no now(), no random(), no subquery, no session setting (write `at time zone` out).',
      );
      continue;
    }
    const misfit = await misfits(source, target, flow, column, sample);
    if (misfit !== undefined) refuse(misfit.message, misfit.mend);
  }
  return findings;
}

async function attempt(
  db: Queryable,
  sql: string,
): Promise<{ code: string | undefined; message: string } | undefined> {
  try {
    await db.query(sql);
    return undefined;
  } catch (error) {
    return { code: errorCodeOf(error), message: describeError(error) };
  }
}

/**
 * PostgreSQL is the judge: only what may be a generated column is immutable and row-local. Enums are taken as the text they
 * are written as, because their conversion counts as changeable (labels can be renamed) and mappings cannot do without it.
 */
async function notRowLocal(db: Queryable, flow: TableFlow, column: FlowColumn): Promise<string | undefined> {
  const table = ident(`matapalo_try_${randomUUID().slice(0, 8)}`);
  const columns = flow.source.columns.map(
    (item) => `${ident(item.name)} ${item.typeKind === 'e' ? 'text' : item.type}`,
  );
  const shape = flow.target.columns.find((item) => item.name === column.name);
  const type = isLocal(shape) ? 'text' : column.type;
  const expression = isLocal(shape) ? column.expression : `(${column.expression})::${type}`;
  const failed = await attempt(
    db,
    `create temp table ${table} (${columns.join(', ')}, matapalo_try ${type} generated always as (${expression}) stored)`,
  );
  await attempt(db, `drop table if exists ${table}`);
  if (failed === undefined) return undefined;
  // 42P17 not immutable, 0A000 a subquery, 42803 an aggregate, 42P20 a window function.
  return ['42P17', '0A000', '42803', '42P20'].includes(failed.code ?? '') ? failed.message : undefined;
}

/** Computes the sample on both servers, as the first copy does here and the applier there. */
async function misfits(
  source: Queryable,
  target: Queryable,
  flow: TableFlow,
  column: FlowColumn,
  sample: Sample,
): Promise<{ message: string; mend: string } | undefined> {
  const names = sample.columns.map((item) => item.name);
  const expression = portableExpression(flow, column);
  const table = tableName(flow.target.ref.name);
  let here: (string | null)[][];
  try {
    here = await evaluate(
      source,
      { names, types: sample.columns.map((item) => item.type), rows: sample.rows },
      [expression],
    );
  } catch (error) {
    return {
      message: `"${column.expression}" does not fit ${column.type} for a real row: ${describeError(error)}.`,
      mend: `Correct this expression, or widen the column: ALTER TABLE ${table} ALTER COLUMN ${ident(column.name)} TYPE ...;`,
    };
  }
  const shape = flow.target.columns.find((item) => item.name === column.name);
  const nullAt = here.findIndex((row) => row[0] === null);
  if (shape?.notNull && nullAt >= 0) {
    return {
      message: `"${column.expression}" is null for a real row (${keyText(flow, sample, nullAt)}), and ${column.name} is NOT NULL.`,
      mend: `Give the expression a value, or: ALTER TABLE ${table} ALTER COLUMN ${ident(column.name)} DROP NOT NULL;`,
    };
  }
  let there: (string | null)[][];
  try {
    const types = sample.columns.map(portableType);
    there = await evaluate(target, { names, types, rows: sample.rows }, [
      `(${column.expression})::${column.type}`,
    ]);
  } catch (error) {
    return {
      message: `"${column.expression}" cannot be computed on the target's server: ${describeError(error)}.`,
      mend: 'Write it with built-in types and functions (an enum of one side is text on the other).',
    };
  }
  const differs = here.findIndex((row, index) => row[0] !== there[index]?.[0]);
  if (differs < 0) return undefined;
  return {
    message: `"${column.expression}" gives ${JSON.stringify(here[differs]?.[0])} on one server and ${JSON.stringify(there[differs]?.[0])} on the other (${keyText(flow, sample, differs)}).`,
    mend: 'Write it without what depends on a server: locale, collation, version.',
  };
}

/** The source key of a sampled row, for a person. */
export function keyText(flow: TableFlow, sample: Sample, at: number): string {
  return flow.key
    .map(
      ({ source }) =>
        `${source} ${sample.rows[at]?.[sample.columns.findIndex((item) => item.name === source)]}`,
    )
    .join(', ');
}
