import { grantsFor } from '#preflight/grants.ts';
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

/** Gives the tool's role just the grants that `matapalo preflight` prints, as an administrator would. Idempotent. */
export async function grantTool(cluster: Cluster, database: string, roles: SideRoles): Promise<string> {
  await createRole(cluster, roles.tool);
  const grants = grantsFor({ role: roles.tool, database, owners: [roles.app] });
  await cluster.query(grants.join('\n'), database);
  return cluster.url(database, roles.tool);
}
