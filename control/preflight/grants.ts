import type { Queryable } from '#kernel/db/pool.ts';
import { ident, literal } from '#kernel/db/sql.ts';
import type { GroupPlan } from '#plan/compile.ts';
import type { Side } from '#plan/phase.ts';
import { tablesOf } from '#guard/install.ts';

/** What a role needs that is not superuser; every statement is run once in each captured database, by a superuser. */
export interface GrantWish {
  /** The role in `monolith.database` or `services.X.database`. */
  role: string;
  database: string;
  /** Roles that own the group's tables: only an owner (or a member) may add triggers and publish. */
  owners: readonly string[];
}

/** Functions of replication origins that a role without superuser may not call by default. */
export const originFunctions = [
  'pg_replication_origin_create(text)',
  'pg_replication_origin_drop(text)',
  'pg_replication_origin_oid(text)',
  'pg_replication_origin_session_setup(text)',
  'pg_replication_origin_session_reset()',
  'pg_replication_origin_session_is_setup()',
  'pg_replication_origin_session_progress(boolean)',
  'pg_replication_origin_xact_setup(pg_lsn, timestamptz)',
  'pg_replication_origin_xact_reset()',
  'pg_replication_origin_progress(text, boolean)',
] as const;

export const replicationGrant = (role: string) => `ALTER ROLE ${ident(role)} REPLICATION;`;
export const replicaRoleGrant = (role: string) =>
  `GRANT SET ON PARAMETER session_replication_role TO ${ident(role)};`;
export const databaseGrant = (role: string, database: string) =>
  `GRANT CONNECT, CREATE, TEMPORARY ON DATABASE ${ident(database)} TO ${ident(role)};`;
export const ownerGrant = (role: string, owner: string) => `GRANT ${ident(owner)} TO ${ident(role)};`;
/** Sessions of other roles: the census, old transactions in the way of a switch, slots in use. */
export const monitorGrant = (role: string) => `GRANT pg_monitor, pg_signal_backend TO ${ident(role)};`;
export const originGrants = (role: string) =>
  originFunctions.map((name) => `GRANT EXECUTE ON FUNCTION pg_catalog.${name} TO ${ident(role)};`);

/** The exact statements, in order. Managed PostgreSQL: run them as its administrator (`rds_superuser`, `cloudsqlsuperuser`). */
export function grantsFor({ role, database, owners }: GrantWish): string[] {
  return [
    replicationGrant(role),
    databaseGrant(role, database),
    replicaRoleGrant(role),
    ...originGrants(role),
    monitorGrant(role),
    ...[...new Set(owners)].filter((owner) => owner !== role).map((owner) => ownerGrant(role, owner)),
  ];
}

/** As `grantsFor`, with database, role and owners asked from the database that `db` is connected to. */
export async function grantsForGroup(db: Queryable, group: GroupPlan, side: Side): Promise<string[]> {
  const names = tablesOf(group, side).map((table) => `(${literal(table.schema)}, ${literal(table.table)})`);
  const { rows } = await db.query<{ role: string; database: string; owners: string[] }>(
    `select current_user::text as role, current_database()::text as database,
            array(select distinct pg_get_userbyid(c.relowner)::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
                   where (n.nspname, c.relname) in (${names.join(', ')})) as owners`,
  );
  const row = rows[0] ?? { role: 'matapalo', database: 'postgres', owners: [] };
  return grantsFor(row);
}
