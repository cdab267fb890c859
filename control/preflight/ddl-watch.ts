import type { Queryable } from '#kernel/db/pool.ts';
import { ident } from '#kernel/db/sql.ts';
import { guardGaps, rowTrigger, tablesOf } from '#guard/install.ts';
import type { GroupPlan } from '#plan/compile.ts';
import type { Side } from '#plan/phase.ts';

/** What a guarded table looked like; compare two of the same side to see what passed the guard in between. */
export interface GuardState {
  /** Relation id to its parent and its columns' types. Not its file: a TRUNCATE, which is a write, changes that too. */
  relations: Readonly<Record<string, { name: string; parent: string; types: string }>>;
}

/** One look at the catalogs: the group's tables and all their partitions. */
export async function guardState(db: Queryable, group: GroupPlan, side: Side): Promise<GuardState> {
  const names = tablesOf(group, side).map((table) => `${ident(table.schema)}.${ident(table.table)}`);
  const { rows } = await db.query<{ id: string; name: string; parent: string; types: string }>(
    `with recursive own as (
       select to_regclass(name)::oid as id, 0::oid as parent from unnest($1::text[]) name where to_regclass(name) is not null
       union select i.inhrelid, i.inhparent from pg_inherits i join own on own.id = i.inhparent)
     select own.id::text as id, own.id::regclass::text as name, own.parent::text as parent,
            (select string_agg(a.attnum || ' ' || a.atttypid || ' ' || a.atttypmod, ',' order by a.attnum)
               from pg_attribute a where a.attrelid = own.id and a.attnum > 0 and not a.attisdropped) as types
       from own`,
    [names],
  );
  return {
    relations: Object.fromEntries(rows.map(({ id, name, parent, types }) => [id, { name, parent, types }])),
  };
}

/** Partitions whose row guard is missing or disabled: a write that names them would pass. */
async function unguardedPartitions(db: Queryable, state: GuardState): Promise<string[]> {
  const ids = Object.entries(state.relations)
    .filter(([, relation]) => relation.parent !== '0')
    .map(([id]) => id);
  const { rows } = await db.query<{ name: string }>(
    `select r.id::regclass::text as name from unnest($1::oid[]) r(id)
      where not exists (select from pg_trigger t where t.tgrelid = r.id and t.tgname = $2 and t.tgenabled = 'A')`,
    [ids, rowTrigger],
  );
  return rows.map(({ name }) => `${name}: a partition without the row guard`);
}

/** Pure. What happened between two looks that changes rows without a write: ATTACH, DETACH, a rewrite. */
export function driftBetween(before: GuardState, now: GuardState): string[] {
  const drift: string[] = [];
  for (const [id, relation] of Object.entries(now.relations)) {
    const was = before.relations[id];
    if (was === undefined) drift.push(`${relation.name}: attached, or new`);
    else if (was.types !== relation.types) drift.push(`${relation.name}: its columns' types changed`);
  }
  for (const [id, relation] of Object.entries(before.relations)) {
    if (!(id in now.relations)) drift.push(`${relation.name}: detached, or dropped`);
  }
  return drift;
}

/**
 * What has got round a side's guard. With `before` (an earlier `guardState`) also what the catalogs no longer show by
 * themselves. Empty when nothing has.
 */
export async function guardDrift(
  db: Queryable,
  group: GroupPlan,
  side: Side,
  before?: GuardState,
): Promise<string[]> {
  const now = await guardState(db, group, side);
  return [
    ...(await guardGaps(db, group, side)),
    ...(await unguardedPartitions(db, now)),
    ...(before === undefined ? [] : driftBetween(before, now)),
  ];
}
