import { givingSide, met, unmet, type Gate } from './gate.ts';

/** A standby that could be promoted must show how far it has flushed; otherwise the close could not be known to be safe. */
export const standbysGate: Gate = {
  name: 'standbys',
  kinds: ['switch', 'rollback'],
  check: async ({ op, group, kind }) => {
    const { rows } = await op.databases
      .of(group, givingSide(kind))
      .query<{ name: string | null; visible: boolean; me: string }>(
        `select r.application_name as name, r.flush_lsn is not null as visible, current_user as me
           from pg_stat_replication r
          where coalesce(r.state, 'streaming') in ('streaming', 'catchup')
            and not exists (select from pg_replication_slots s where s.active_pid = r.pid and s.slot_type = 'logical')`,
      );
    const hidden = rows.find((row) => !row.visible);
    if (hidden)
      return unmet(
        'a standby is attached whose position the tool may not see',
        `GRANT pg_monitor TO ${hidden.me}`,
      );
    return met(
      rows.length === 0
        ? 'no physical standby'
        : `${rows.length} standby will confirm the close: ${rows.map((row) => row.name ?? '').join(', ')}`,
    );
  },
};
