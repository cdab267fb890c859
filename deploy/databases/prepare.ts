import pg from 'pg';
import { ident, literal } from '#kernel/db/sql.ts';
import { unreachable } from '#kernel/db/pool.ts';
import { envOr, requireEnv } from '#kernel/env.ts';
import { createLog } from '#kernel/log.ts';
import { runMain } from '#kernel/shutdown.ts';
import { grantsFor } from '#preflight/grants.ts';

/**
 * Makes a database server ready for one application and the tool: login roles, the database, and just the grants that
 * `matapalo preflight` would print. Runs as the server's administrator, before migrations; safe to run again, which also
 * carries a changed password into the roles.
 *
 * `ADMIN_URL`: the administrator, on any database of the server. `DATABASE`, `APP_ROLE`, `APP_PASSWORD`: the application's
 * database and the role that owns it. `TOOL_ROLE`, `TOOL_PASSWORD`: the tool's role; absent for the control database, which
 * the tool owns itself.
 */
const log = createLog('prepare-database');

runMain(log, async (shutdown) => {
  const adminUrl = requireEnv(
    'ADMIN_URL',
    'the administrator, as postgres://postgres:password@host:5432/postgres',
  );
  const database = requireEnv('DATABASE', "the database's name");
  const app = requireEnv('APP_ROLE', 'the role that owns the database');
  const appPassword = requireEnv('APP_PASSWORD', "that role's password");
  const tool = envOr('TOOL_ROLE', '');
  const toolPassword = tool === '' ? '' : requireEnv('TOOL_PASSWORD', "the tool's password");

  const server = await connect(adminUrl);
  shutdown.add('server', () => server.end());
  await ensureRole(server, app, appPassword);
  if (tool !== '') await ensureRole(server, tool, toolPassword);
  const { rowCount } = await server.query('select from pg_database where datname = $1', [database]);
  if (rowCount === 0) await server.query(`create database ${ident(database)} owner ${ident(app)}`);

  if (tool !== '') {
    // Grants on functions hold in the database that they are made in.
    const url = new URL(adminUrl);
    url.pathname = `/${encodeURIComponent(database)}`;
    const inside = await connect(url.href);
    shutdown.add('database', () => inside.end());
    for (const grant of grantsFor({ role: tool, database, owners: [app] })) await inside.query(grant);
  }
  log.info({ database, roles: tool === '' ? [app] : [app, tool] }, 'the database is ready for its schema');
  await shutdown.close();
});

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: 'matapalo prepare' });
  try {
    await client.connect();
  } catch (error) {
    throw unreachable('The database server (ADMIN_URL)', error);
  }
  return client;
}

async function ensureRole(client: pg.Client, role: string, password: string): Promise<void> {
  const { rowCount } = await client.query('select from pg_roles where rolname = $1', [role]);
  const verb = rowCount === 0 ? 'create' : 'alter';
  await client.query(`${verb} role ${ident(role)} login password ${literal(password)}`);
}
