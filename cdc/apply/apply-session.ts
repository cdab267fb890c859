import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { errorCodeOf } from '#kernel/errors.ts';
import type { Queryable } from '#kernel/db/pool.ts';
import type { TableFlow } from '#plan/mapping/flow.ts';
import { toolSessionFor } from '#plan/mapping/session.ts';
import { ensureOrigin } from '../capture/direct/objects.ts';
import { RoundTrip } from './round-trip.ts';
import { sourceTypes } from './source-types.ts';
import { FlowStatements } from './statements.ts';
import type { FlowWriter } from './write-segment.ts';

/** Plans that read the target by its key, whatever its statistics say: the arrays come first, the key's index inside. */
const planner: Readonly<Record<string, string>> = {
  plan_cache_mode: 'force_generic_plan',
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
  enable_seqscan: 'off',
  enable_bitmapscan: 'off',
  jit: 'off',
};

/**
 * A connection that applies: the tool's session settings, the replica role (the guard lets it write only where this side does not own
 * the group; ordinary triggers and foreign keys stay silent) and the direction's replication origin, which one session has at a
 * time. A predecessor that still holds it, on a connection that nobody reads any more, is ended.
 */
export async function openApplySession(url: string, name: string): Promise<pg.Client> {
  const applicationName = `${name} apply`;
  const client = new pg.Client({
    connectionString: url,
    application_name: applicationName,
    keepAlive: true,
    connectionTimeoutMillis: 10_000,
  });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rows } = await client.query<{ version: number }>(
      `select current_setting('server_version_num')::int as version`,
    );
    const settings = {
      ...toolSessionFor(rows[0]?.version ?? 160_000),
      ...planner,
      session_replication_role: 'replica',
    };
    for (const [key, value] of Object.entries(settings)) await client.query(`set ${key} = '${value}'`);
    await ensureOrigin(client, name);
    for (let attempt = 0; ; attempt++) {
      try {
        await client.query('select pg_replication_origin_session_setup($1)', [name]);
        break;
      } catch (error) {
        // 55006: another session has it.
        if (errorCodeOf(error) !== '55006' || attempt >= 40) throw error;
        await client.query(
          `select pg_terminate_backend(pid) from pg_stat_activity
            where application_name = left($1, 63) and pid <> pg_backend_pid() and usename = current_user`,
          [applicationName],
        );
        await delay(50);
      }
    }
    return client;
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
}

/** `back` are the entries of the other direction, where every row must come back the same through them. */
export async function prepareWriters(
  flows: readonly TableFlow[],
  back: readonly TableFlow[],
  source: Queryable,
  target: Queryable,
): Promise<Map<string, FlowWriter>> {
  const writers = new Map<string, FlowWriter>();
  for (const flow of flows) {
    const { rows } = await target.query<{ referenced: boolean }>(
      `select exists (select from pg_constraint where contype = 'f' and confrelid = $1::int8::oid and conrelid <> confrelid)
           or not has_table_privilege($1::int8::oid, 'truncate') as referenced`,
      [flow.target.oid >>> 0],
    );
    const types = await sourceTypes(flow, source, target);
    const opposite = back.find((one) => one.id === flow.id);
    writers.set(flow.id, {
      statements: new FlowStatements(flow, types),
      roundTrip: opposite && new RoundTrip(flow, opposite, types),
      referenced: rows[0]?.referenced ?? true,
    });
  }
  return writers;
}
