import type { Queryable } from '#kernel/db/pool.ts';
import type { TableFlow } from '#plan/mapping/flow.ts';

/**
 * The type that each source column's text is cast to on the target before an expression reads it: the source's own where
 * the target knows it and means the same by it; a domain's base type; text for an enum that the target lacks or labels differently.
 */
export async function sourceTypes(
  flow: TableFlow,
  source: Queryable,
  target: Queryable,
): Promise<Map<string, string>> {
  const types = new Map<string, string>();
  for (const read of flow.reads) {
    let type = read.type;
    if (read.typeKind === 'd') type = await baseType(source, read.typeOid);
    if (read.typeKind === 'e') {
      const [here, there] = [await labels(source, type), await labels(target, type)];
      types.set(read.name, here !== null && here === there ? type : 'text');
      continue;
    }
    const { rows } = await target.query<{ known: boolean }>('select to_regtype($1) is not null as known', [
      type,
    ]);
    types.set(read.name, rows[0]?.known ? type : 'text');
  }
  return types;
}

async function baseType(source: Queryable, oid: number): Promise<string> {
  const { rows } = await source.query<{ type: string }>(
    `with recursive base(oid, modifier, level) as (
       select $1::int8::oid, -1, 0
       union all select t.typbasetype, t.typtypmod, level + 1 from base b join pg_type t on t.oid = b.oid where t.typtype = 'd'
     ) select format_type(oid, modifier) as type from base order by level desc limit 1`,
    [oid >>> 0],
  );
  return rows[0]?.type ?? 'text';
}

async function labels(db: Queryable, type: string): Promise<string | null> {
  const { rows } = await db.query<{ labels: string | null }>(
    `select string_agg(enumlabel, ',' order by enumsortorder) as labels from pg_enum where enumtypid = to_regtype($1)`,
    [type],
  );
  return rows[0]?.labels ?? null;
}
