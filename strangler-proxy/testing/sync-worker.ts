import type { World } from './world.ts';

/**
 * Stands for the sync worker where only its report matters: says that all marks flushed so far are covered, as it does after a
 * beat. `apply` runs between reading the marks and reporting.
 */
export async function cover(
  world: World,
  group = 'items',
  apply: () => void = () => undefined,
): Promise<void> {
  const { rows } = await world.db.query<{ marks: Record<string, number> | null }>(
    'select jsonb_object_agg(id, mark) as marks from proxy',
  );
  apply();
  await world.db.query(
    `insert into progress (group_name, direction, worker, transport, state, covered)
     values ($1, 'forward', 'w', 'direct', 'streaming', $2)
     on conflict (group_name, direction) do update set covered = excluded.covered`,
    [group, JSON.stringify(rows[0]?.marks ?? {})],
  );
  await world.db.query(`select pg_notify('matapalo_progress', $1)`, [group]);
}
