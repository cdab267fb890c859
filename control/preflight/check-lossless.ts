import type { Queryable } from '#kernel/db/pool.ts';
import { describeError } from '#kernel/errors.ts';
import type { TableFlow } from '#plan/mapping/flow.ts';
import { keyText } from './check-expressions.ts';
import { sideOfSource, type PathOf } from './config-path.ts';
import type { Finding } from './finding.ts';
import { evaluate, portableExpression, sampleRows } from './row-source.ts';

/**
 * There and back: the source computes a real row's image, the target's server computes the way back from it, and every
 * column that the way back writes must be what it was. Otherwise a rollback would change rows that nobody touched.
 */
export async function checkLossless(
  source: Queryable,
  target: Queryable,
  flow: TableFlow,
  back: TableFlow,
  pathOf: PathOf,
): Promise<Finding[]> {
  const sample = await sampleRows(source, flow.source, 1_000);
  if (sample.rows.length === 0) return [];
  const finding = (column: string, message: string): Finding => ({
    level: 'refuse',
    side: sideOfSource(flow),
    where: `${flow.source.ref.name}.${column}`,
    message,
    mend: 'Correct the pair of expressions, so that each gives back what the other was given; or normalise the rows that differ.',
    path: pathOf([back.direction, column]),
  });
  const names = sample.columns.map((item) => item.name);
  const images = await evaluate(
    source,
    { names, types: sample.columns.map((item) => item.type), rows: sample.rows },
    flow.columns.map((column) => portableExpression(flow, column)),
  );
  // Columns that this entry does not fill are unknown here; an expression that needs them shows as a difference.
  const others = flow.target.columns.filter(
    (item) => !flow.columns.some((column) => column.name === item.name),
  );
  const given = [...flow.columns, ...others];
  const shipped = {
    names: given.map((item) => item.name),
    types: given.map((item) => item.type),
    rows: images.map((row) => [...row, ...others.map(() => null)]),
  };
  const findings: Finding[] = [];
  for (const column of back.columns) {
    try {
      const returned = await evaluate(target, shipped, [portableExpression(back, column)]);
      const at = names.indexOf(column.name);
      const differs = returned.findIndex((row, index) => row[0] !== sample.rows[index]?.[at]);
      if (differs < 0) continue;
      const was = JSON.stringify(sample.rows[differs]?.[at] ?? null);
      const became = JSON.stringify(returned[differs]?.[0] ?? null);
      findings.push(
        finding(
          column.name,
          `The mapping is not lossless: ${column.name} is ${was} and comes back as ${became} (${keyText(flow, sample, differs)}).`,
        ),
      );
    } catch (error) {
      findings.push(
        finding(
          column.name,
          `"${column.expression}" fails on the image of a real row: ${describeError(error)}.`,
        ),
      );
    }
  }
  return findings;
}
