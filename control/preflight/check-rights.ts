import { ident } from '#kernel/db/sql.ts';
import { tablesOf } from '#guard/install.ts';
import type { Side } from '#plan/phase.ts';
import { databaseFor, type Finding, type Subject } from './finding.ts';
import {
  databaseGrant,
  monitorGrant,
  originFunctions,
  originGrants,
  ownerGrant,
  replicaRoleGrant,
  replicationGrant,
} from './grants.ts';

/** Rights that the tool's role lacks, each with its GRANT, to be run in that database by a superuser. */
export async function checkRights(subject: Subject, side: Side): Promise<Finding[]> {
  const db = databaseFor(subject, side);
  const { rows } = await db.query<{
    role: string;
    database: string;
    super: boolean;
    replication: boolean;
    replica: boolean;
    create: boolean;
    monitor: boolean;
    lacking: string[];
  }>(
    `select current_user::text as role, current_database()::text as database, r.rolsuper as super,
            r.rolreplication as replication,
            has_parameter_privilege('session_replication_role', 'SET') as replica,
            has_database_privilege(current_database(), 'CREATE') and has_database_privilege(current_database(), 'TEMPORARY') as create,
            pg_has_role('pg_monitor', 'USAGE') and pg_has_role('pg_signal_backend', 'USAGE') as monitor,
            array(select f from unnest($1::text[]) f where not has_function_privilege('pg_catalog.' || f, 'EXECUTE')) as lacking
       from pg_roles r where r.rolname = current_user`,
    [originFunctions],
  );
  const row = rows[0];
  if (row === undefined || row.super) return [];
  const findings: Finding[] = [];
  const add = (level: Finding['level'], message: string, mend: string, where = `${side} database`) =>
    findings.push({ level, side, where, message, mend, lacksRight: true });
  if (!row.replication) add('refuse', `Role ${row.role} may not replicate.`, replicationGrant(row.role));
  if (!row.create) {
    add(
      'refuse',
      `Role ${row.role} may not create a schema, a publication or temporary tables in ${row.database}.`,
      databaseGrant(row.role, row.database),
    );
  }
  if (!row.replica) {
    add('refuse', `Role ${row.role} may not set session_replication_role.`, replicaRoleGrant(row.role));
  }
  if (row.lacking.length > 0) {
    add(
      'refuse',
      `Role ${row.role} may not use replication origins.`,
      originGrants(row.role)
        .filter((_, index) => row.lacking.includes(originFunctions[index] ?? ''))
        .join('\n'),
    );
  }
  if (!row.monitor) {
    add(
      'warn',
      `Role ${row.role} cannot see other sessions: no census of writers, no warning of old transactions.`,
      monitorGrant(row.role),
    );
  }
  const names = tablesOf(subject.group, side).map((table) => `${ident(table.schema)}.${ident(table.table)}`);
  const owners = await db.query<{ owner: string; tables: string[] }>(
    `select pg_get_userbyid(c.relowner)::text as owner, array_agg(c.oid::regclass::text) as tables from pg_class c
      where c.oid = any(select to_regclass(name) from unnest($1::text[]) name)
        and not pg_has_role(c.relowner, 'USAGE') group by c.relowner`,
    [names],
  );
  for (const { owner, tables } of owners.rows) {
    add(
      'refuse',
      `Role ${row.role} is no member of ${owner}: only an owner may add triggers to a table and publish it.`,
      ownerGrant(row.role, owner),
      tables.join(', '),
    );
  }
  return findings;
}
