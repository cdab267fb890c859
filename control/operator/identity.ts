import { errorCodeOf } from '#kernel/errors.ts';
import type { Queryable } from '#kernel/db/pool.ts';
import type { Side } from '#plan/phase.ts';

/** What tells one PostgreSQL cluster and its history from another. */
export interface Identity {
  systemIdentifier: string;
  /** Changes with a failover or a point-in-time restore. Undefined where the role may not ask. */
  timeline: number | undefined;
}

export async function readIdentity(db: Queryable): Promise<Identity> {
  try {
    const { rows } = await db.query<{ id: string; timeline: number }>(
      `select s.system_identifier::text as id, c.timeline_id as timeline
         from pg_control_system() s, pg_control_checkpoint() c`,
    );
    return { systemIdentifier: rows[0]?.id ?? '', timeline: rows[0]?.timeline };
  } catch (error) {
    if (errorCodeOf(error) !== '42501') throw error;
    return { systemIdentifier: '', timeline: undefined };
  }
}

const keyOf = (group: string, side: Side) => `identity:${group}:${side}`;

/** Stored at sync, compared ever after. */
export async function rememberIdentity(
  control: Queryable,
  db: Queryable,
  group: string,
  side: Side,
): Promise<void> {
  await control.query(
    `insert into setting (key, value) values ($1, $2) on conflict (key) do update set value = excluded.value`,
    [keyOf(group, side), JSON.stringify(await readIdentity(db))],
  );
}

export async function rememberedIdentity(
  control: Queryable,
  group: string,
  side: Side,
): Promise<Identity | undefined> {
  const { rows } = await control.query<{ value: Identity }>('select value from setting where key = $1', [
    keyOf(group, side),
  ]);
  return rows[0]?.value;
}

/** Says what changed, or undefined. Pure. */
export function identityChange(then: Identity | undefined, now: Identity): string | undefined {
  if (then === undefined) return undefined;
  if (then.systemIdentifier !== now.systemIdentifier)
    return `system identifier ${then.systemIdentifier} became ${now.systemIdentifier}`;
  if (then.timeline !== undefined && now.timeline !== undefined && then.timeline !== now.timeline)
    return `timeline ${then.timeline} became ${now.timeline}`;
  return undefined;
}
