import type { Side } from '#plan/phase.ts';
import { syncName } from '#plan/names.ts';
import { databaseFor, type Finding, type Subject } from './finding.ts';

const oldestVersion = 160_000;
/** Origins in use at once on a direction's target: its applier's, a repair's; on the service also the lanes of the first copy. */
const originsNeeded = { legacy: 2, service: 4 } as const;

/** Version, logical decoding, and room for one more slot, its sender, and the origins of what is applied here. */
export async function checkServer(subject: Subject, side: Side): Promise<Finding[]> {
  const slot = syncName(subject.group.name, side === 'legacy' ? 'forward' : 'reverse');
  const { rows } = await databaseFor(subject, side).query<{
    version: number;
    wal_level: string;
    standby: boolean;
    max_slots: number;
    slots: number;
    own: boolean;
    max_senders: number;
    senders: number;
    max_origins: number;
    origins: number;
    origins_setting: string;
  }>(
    `select current_setting('server_version_num')::int as version, current_setting('wal_level') as wal_level,
            pg_is_in_recovery() as standby,
            current_setting('max_replication_slots')::int as max_slots,
            (select count(*)::int from pg_replication_slots) as slots,
            exists (select from pg_replication_slots where slot_name = $1) as own,
            current_setting('max_wal_senders')::int as max_senders,
            (select count(*)::int from pg_stat_replication) as senders,
            coalesce(current_setting('max_active_replication_origins', true),
                     current_setting('max_replication_slots'))::int as max_origins,
            (select count(*)::int from pg_replication_origin where roname <> $2 and not starts_with(roname, $2 || '_')) as origins,
            -- Before 18 the slots' limit is the origins' too.
            case when current_setting('max_active_replication_origins', true) is null
                 then 'max_replication_slots' else 'max_active_replication_origins' end as origins_setting`,
    [slot, syncName(subject.group.name, side === 'legacy' ? 'reverse' : 'forward')],
  );
  const row = rows[0];
  if (row === undefined) return [];
  const findings: Finding[] = [];
  const refuse = (message: string, mend: string) =>
    findings.push({ level: 'refuse', side, where: `${side} server`, message, mend });
  if (row.version < oldestVersion) {
    refuse(
      `PostgreSQL ${Math.floor(row.version / 10_000)} is too old: origins can be filtered from 16 on.`,
      'Upgrade this server to PostgreSQL 16 or later.',
    );
  }
  if (row.standby) refuse('This server is a standby: it takes no writes.', 'Name the primary in the config.');
  if (row.wal_level !== 'logical') {
    refuse(
      `wal_level is ${row.wal_level}; changes can be read only from logical.`,
      `ALTER SYSTEM SET wal_level = 'logical'; -- then restart the server`,
    );
  }
  if (!row.own && row.slots >= row.max_slots) {
    refuse(
      `All ${row.max_slots} replication slots are taken.`,
      `ALTER SYSTEM SET max_replication_slots = ${row.max_slots + 4}; -- then restart the server`,
    );
  }
  // The running stream, and the connection that makes the slot.
  if (!row.own && row.senders + 2 > row.max_senders) {
    refuse(
      `${row.senders} of ${row.max_senders} WAL senders are in use; two more are needed.`,
      `ALTER SYSTEM SET max_wal_senders = ${row.max_senders + 4}; -- then restart the server`,
    );
  }
  const needed = originsNeeded[side];
  // An origin belongs to the whole server: the groups of every database on it share the room.
  if (row.origins + needed > row.max_origins) {
    refuse(
      `${row.origins} of ${row.max_origins} replication origins belong to others; ${needed} more are needed.`,
      `ALTER SYSTEM SET ${row.origins_setting} = ${Math.max(row.max_origins, row.origins) + 10}; -- then restart the server`,
    );
  }
  return findings;
}
