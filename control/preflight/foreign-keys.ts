import { ident } from '#kernel/db/sql.ts';
import { tablesOf } from '#guard/install.ts';
import type { Side } from '#plan/phase.ts';
import { databaseFor, type Finding, type Subject } from './finding.ts';

/**
 * Foreign keys between the group's tables and others. A delete that is applied does not check them (the replica role), and an
 * insert on the other side may be ahead of the parent: they are dropped, or made soft, before the switch.
 */
export async function checkForeignKeys(subject: Subject, side: Side): Promise<Finding[]> {
  const names = tablesOf(subject.group, side).map((table) => `${ident(table.schema)}.${ident(table.table)}`);
  const { rows } = await databaseFor(subject, side).query<{ name: string; child: string; parent: string }>(
    `with own as (select to_regclass(name)::oid as id from unnest($1::text[]) name)
     select c.conname::text as name, c.conrelid::regclass::text as child, c.confrelid::regclass::text as parent
       from pg_constraint c
      where c.contype = 'f' and c.conparentid = 0
        and (c.conrelid in (select id from own)) <> (c.confrelid in (select id from own))
      order by 2, 1`,
    [names],
  );
  return rows.map(({ name, child, parent }) => ({
    level: 'warn' as const,
    side,
    where: child,
    message: `Foreign key ${name} leads from ${child} to ${parent}: one of them stays behind when the group moves.`,
    mend: `ALTER TABLE ${child} DROP CONSTRAINT ${ident(name)};`,
    blocks: ['switch', 'retire'] as const,
  }));
}
