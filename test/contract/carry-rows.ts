import type pg from 'pg';
import { ident } from '#kernel/db/sql.ts';
import { compilePlan, groupOf } from '#plan/compile.ts';
import { defineStrangler, type TableConfig } from '#plan/config.ts';
import type { TableFlow } from '#plan/mapping/flow.ts';
import { portableExpression } from '#preflight/row-source.ts';
import { catalogueTables } from '../../services/catalogue/mapping/tables.ts';
import { supportTables } from '../../services/support/mapping/tables.ts';
import { ordersTables } from '../../services/orders/mapping/tables.ts';
import { usersTables } from '../../services/users/mapping/tables.ts';

const planned = (name: string, tables: readonly TableConfig[]) =>
  groupOf(
    compilePlan(
      defineStrangler({
        control: { url: '' },
        secret: '',
        monolith: { url: '', database: '' },
        services: { [name]: { url: '', database: '' } },
        groups: { [name]: { service: name, routes: [], tables } },
      }),
    ),
    name,
  );

export const catalogueGroup = planned('catalogue', catalogueTables);
export const supportGroup = planned('support', supportTables);
export const ordersGroup = planned('orders', ordersTables);
export const usersGroup = planned('users', usersTables);

export const columnsOf = (flow: TableFlow) => flow.columns.map((column) => ident(column.name)).join(', ');
export const targetOf = (flow: TableFlow) =>
  `${ident(flow.target.ref.schema)}.${ident(flow.target.ref.table)}`;
const keys = (flow: TableFlow) => flow.key.map((pair) => ident(pair.target)).join(', ');

/** A flow's rows as its source has them; a type that only the target's database knows stays text. */
export function mappedSelect(flow: TableFlow): string {
  const columns = flow.columns.map(
    (column) => `${portableExpression(flow, column)} as ${ident(column.name)}`,
  );
  return `select ${columns.join(', ')} from ${ident(flow.source.ref.schema)}.${ident(flow.source.ref.table)}`;
}

/** A flow's rows as JSON text, which keeps microseconds and all digits. */
export async function rowsOf(client: pg.Client, flow: TableFlow, select: string): Promise<string> {
  const sql = `select coalesce(json_agg(t order by ${keys(flow)}), '[]')::text as rows from (${select}) t`;
  return ((await client.query<{ rows: string }>(sql)).rows[0]?.rows ?? '').replaceAll(/},\s*{/g, '},\n{');
}

/** As a first copy does: anchors insert, the other entries fill in. */
export async function carry(from: pg.Client, to: pg.Client, along: readonly TableFlow[]): Promise<void> {
  for (const flow of along) {
    const rows = await rowsOf(from, flow, mappedSelect(flow));
    const source = `json_populate_recordset(null::${targetOf(flow)}, $1)`;
    if (flow.anchor) {
      await to.query(
        `insert into ${targetOf(flow)} (${columnsOf(flow)}) overriding system value select ${columnsOf(flow)} from ${source}`,
        [rows],
      );
    } else {
      const set = flow.columns
        .filter((column) => !column.isKey)
        .map(({ name }) => `${ident(name)} = s.${ident(name)}`);
      const on = flow.key.map((pair) => `t.${ident(pair.target)} = s.${ident(pair.target)}`);
      await to.query(
        `update ${targetOf(flow)} t set ${set.join(', ')} from ${source} s where ${on.join(' and ')}`,
        [rows],
      );
    }
  }
}
