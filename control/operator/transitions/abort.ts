import type pg from 'pg';
import { errorCodeOf } from '#kernel/errors.ts';
import { transaction } from '#kernel/db/pool.ts';
import { ident } from '#kernel/db/sql.ts';
import { tablesOf, uninstallGuard } from '#guard/install.ts';
import { end, publish, step, type Run } from './run.ts';
import { waitTornDown } from './teardown.ts';

/** Back to legacy: sync is taken down, the copy that the tool made is removed, the guard goes from both sides. */
export async function abort(run: Run): Promise<void> {
  const { op, group } = run;
  const [legacy, service] = [op.databases.of(group, 'legacy'), op.databases.of(group, 'service')];
  await step(run, 'publishing', {}, true);
  await publish(run, 'published', { phase: 'legacy', canaryPercent: 0, holding: null });
  await step(run, 'teardown');
  await waitTornDown(run);
  await step(run, 'emptying');
  await emptyCopy(service, run);
  await step(run, 'unguard');
  await uninstallGuard(service, group, 'service');
  await uninstallGuard(legacy, group, 'legacy');
  await end(run, 'done', 'done');
}

/** Only rows of tables that our own backfill filled; a service's own data is never touched. */
async function emptyCopy(service: pg.Pool, run: Run): Promise<void> {
  const { group } = run;
  const { rows } = await service.query<{ there: boolean }>(
    `select to_regclass('matapalo.backfill_range') is not null as there`,
  );
  if (!rows[0]?.there) return;
  const filled = await service.query<{ entry: string }>(
    `select distinct entry from matapalo.backfill_range where group_name = $1 and direction = 'forward'`,
    [group.name],
  );
  const entries = new Set(filled.rows.map((row) => row.entry));
  const ours = new Set(
    group.tables.filter((table) => entries.has(table.id)).map((table) => table.service.name),
  );
  const tables = tablesOf(group, 'service').filter((table) => ours.has(table.name));
  if (tables.length === 0) return;
  const names = tables.map((table) => `${ident(table.schema)}.${ident(table.table)}`);
  await transaction(service, async (client) => {
    // As the applier writes: the guard lets the tool into the side that does not own the group, and nobody else.
    await client.query('set local session_replication_role = replica');
    await client.query('savepoint before_truncate');
    try {
      await client.query(`truncate ${names.join(', ')}`);
    } catch (error) {
      // Referenced by a table outside the group, or TRUNCATE not granted.
      if (!['0A000', '42501'].includes(errorCodeOf(error) ?? '')) throw error;
      await client.query('rollback to savepoint before_truncate');
      for (const name of names) await client.query(`delete from ${name}`);
    }
    await client.query(`delete from matapalo.backfill_range where group_name = $1`, [group.name]);
  });
}
