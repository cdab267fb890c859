import type pg from 'pg';
import type { GroupPlan } from '#plan/compile.ts';
import { channels, syncName } from '#plan/names.ts';
import { directions } from '#plan/phase.ts';
import { dropCapture, dropOrigins } from '../capture/direct/objects.ts';
import type { Transport } from '../capture/transport.ts';

/**
 * Takes away what sync has made for a group: connectors and topics, slots, publications, origins, checkpoints; and then its progress rows, whose
 * absence tells the operator that nothing of it is left. Guard and data stay.
 */
export async function teardown(
  control: pg.Pool,
  group: GroupPlan,
  transport: Transport,
  legacy: pg.Pool,
  service: pg.Pool,
): Promise<void> {
  for (const direction of directions) {
    const name = syncName(group.name, direction);
    const [source, target] = direction === 'forward' ? [legacy, service] : [service, legacy];
    // First whatever else holds the slot.
    await transport.remove({ group, direction });
    await dropCapture(source, name);
    await dropOrigins(target, name);
    const { rows } = await target.query<{ there: boolean }>(
      `select to_regclass('matapalo.checkpoint') is not null as there`,
    );
    if (rows[0]?.there) {
      await target.query('delete from matapalo.checkpoint where group_name = $1 and direction = $2', [
        group.name,
        direction,
      ]);
    }
  }
  await control.query('delete from progress where group_name = $1', [group.name]);
  await control.query('select pg_notify($1, $2)', [channels.progress, group.name]);
}
