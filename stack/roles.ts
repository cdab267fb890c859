import type { Cluster } from './clusters.ts';

/** Login roles of one side: the application's, which owns its tables, and the tool's, which is not superuser. */
export interface SideRoles {
  app: string;
  tool: string;
}

export async function createRole(cluster: Cluster, name: string, attributes = ''): Promise<void> {
  await cluster.query(`do $$ begin
    if not exists (select from pg_roles where rolname = '${name}') then
      create role ${name} login ${attributes};
    end if;
  end $$`);
}

/** Creates a database owned by `owner` unless it is there. Returns its URL for that role. */
export async function ensureDatabase(cluster: Cluster, name: string, owner: string): Promise<string> {
  const { rowCount } = await cluster.query(`select from pg_database where datname = '${name}'`);
  if (rowCount === 0) await cluster.createDatabase(name, { owner });
  return cluster.url(name, owner);
}

/** The rights that `matapalo preflight` prints for a self-managed server; the statements are idempotent. */
export async function grantTool(cluster: Cluster, database: string, roles: SideRoles): Promise<string> {
  await createRole(cluster, roles.tool, 'replication');
  await cluster.query(`
    grant ${roles.app} to ${roles.tool};
    grant create, connect on database "${database}" to ${roles.tool};
    grant set on parameter session_replication_role to ${roles.tool};
  `);
  await cluster.query(
    `grant execute on function
       pg_replication_origin_create(text), pg_replication_origin_drop(text), pg_replication_origin_oid(text),
       pg_replication_origin_session_setup(text), pg_replication_origin_session_reset(),
       pg_replication_origin_session_is_setup(), pg_replication_origin_xact_setup(pg_lsn, timestamptz),
       pg_replication_origin_advance(text, pg_lsn), pg_replication_origin_progress(text, boolean)
     to ${roles.tool};
     grant pg_monitor to ${roles.tool};`,
    database,
  );
  return cluster.url(database, roles.tool);
}
