import { syncName } from '#plan/names.ts';
import { directions, sourceSide } from '#plan/phase.ts';
import type { Run } from './run.ts';

/** What the cdc worker has not yet taken down, for people; empty when all is gone. */
export async function remainsOfSync(run: Pick<Run, 'op' | 'group'>): Promise<string[]> {
  const { op, group } = run;
  const remains: string[] = [];
  const { rows } = await op.control.query<{ direction: string }>(
    'select direction from progress where group_name = $1',
    [group.name],
  );
  remains.push(...rows.map((row) => `worker of ${row.direction}`));
  for (const direction of directions) {
    const name = syncName(group.name, direction);
    const found = await op.databases.of(group, sourceSide(direction)).query<{ kind: string }>(
      `select 'slot' as kind from pg_replication_slots where slot_name = $1 and database = current_database()
         union all select 'publication' from pg_publication where pubname = $1`,
      [name],
    );
    remains.push(...found.rows.map((row) => `${row.kind} ${name}`));
  }
  return remains;
}

/**
 * Waits until the cdc worker has taken down slots, publications and its progress. For as long as it takes: a guard that is
 * removed under a running applier, or a new sync that meets an old slot, would be worse than a transition that waits.
 */
export async function waitTornDown(run: Run): Promise<void> {
  let lookedAt = 0;
  for (;;) {
    const remains = await remainsOfSync(run);
    if (remains.length === 0) return;
    if (performance.now() - lookedAt > 10_000) {
      lookedAt = performance.now();
      run.op.log.warn({ group: run.group.name, remains }, 'waiting for the cdc worker to take down the sync');
    }
    await run.op.wake.next('progress', 250, run.term.signal);
  }
}
