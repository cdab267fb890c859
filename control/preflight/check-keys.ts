import type { Queryable } from '#kernel/db/pool.ts';
import { ident, tableName } from '#kernel/db/sql.ts';
import type { TableFlow } from '#plan/mapping/flow.ts';
import { sideOfSource, type PathOf } from './config-path.ts';
import type { Finding } from './finding.ts';
import { portableExpression } from './row-source.ts';

/** Above this only a part is looked at: the unique index of the target is the last word. */
const wholeRows = 2_000_000;

/** Two source rows must not become one: keys are unique where nothing enforces it, and computed keys injective. */
export async function checkKeys(source: Queryable, flow: TableFlow, pathOf: PathOf): Promise<Finding[]> {
  if (!flow.anchor) return [];
  const keys = flow.key.map((pair) => pair.source);
  const enforced = flow.source.uniqueKeys.some(
    (unique) => unique.length <= keys.length && unique.every((name) => keys.includes(name)),
  );
  const keyColumns = flow.columns.filter((column) => column.isKey);
  const plain = keyColumns.every((column) =>
    keys.some((name) => [name, ident(name)].includes(column.expression.trim())),
  );
  if (enforced && plain) return [];
  const table = tableName(flow.source.ref.name);
  const list = keyColumns.map((column) => `${portableExpression(flow, column)}::text`);
  const { rows } = await source.query<{ key: string[]; rows: number }>(
    `select array[${list.join(', ')}] as key, count(*)::int as rows
       from (select * from ${table} limit ${wholeRows}) s group by ${list.join(', ')} having count(*) > 1 limit 1`,
  );
  const twin = rows[0];
  if (twin === undefined) return [];
  const same = keys.map((name) => `a.${ident(name)} = b.${ident(name)}`).join(' and ');
  return [
    {
      level: 'refuse',
      side: sideOfSource(flow),
      where: flow.source.ref.name,
      message: `${twin.rows} rows of ${flow.source.ref.name} have the key ${JSON.stringify(twin.key)} on the other side: they would become one.`,
      mend: enforced
        ? 'Correct the key expressions: different rows need different keys.'
        : `DELETE FROM ${table} a USING ${table} b WHERE ${same} AND a.ctid > b.ctid;`,
      path: pathOf(['key']),
    },
  ];
}
