import type pg from 'pg';
import type { Queryable } from '#kernel/db/pool.ts';
import { channels } from '#plan/names.ts';
import type { Covered } from './marks.ts';

/** A control database that hangs must not keep a connection for ever: the pool drops one whose query timed out. */
export const queryTimeoutMs = 2_000;

/** Marks of clients that wrote through another proxy. */
export const pinsChannel = 'matapalo_pins';

interface TimedQuery extends pg.QueryConfig {
  query_timeout: number;
}

/** The pool as `readRoutes` wants it, each query bounded in time. */
export function timed(pool: pg.Pool): Queryable {
  const query = (text: string, values?: unknown[]) => {
    const config: TimedQuery = { text, query_timeout: queryTimeoutMs, ...(values ? { values } : {}) };
    return pool.query(config);
  };
  return { query } as unknown as Queryable;
}

export interface ProxyReport {
  id: string;
  url: string;
  configHash: string;
  version: bigint;
  drained: ReadonlySet<string>;
  held: number;
  mark: number;
  leaseMs: number;
  /** What waiters are told, when something that they wait for happened. */
  notices: readonly string[];
}

export interface ReportAnswer {
  /** Route version at the time of the report. */
  version: bigint;
  /** Proxies that beat, this one included. */
  proxies: number;
}

/** Writes the proxy's whole row, and tells those who wait, in one round trip. */
export async function writeReport(db: Queryable, report: ProxyReport): Promise<ReportAnswer> {
  const { rows } = await db.query<{ version: string; proxies: number }>(
    `with mine as (
       insert into proxy (id, url, config_hash, version, drained, held, mark, lease_until)
       values ($1, $2, $3, $4, $5::jsonb, $6, $7, now() + $8 * interval '1 millisecond')
       on conflict (id) do update set url = excluded.url, config_hash = excluded.config_hash,
         version = excluded.version, drained = excluded.drained, held = excluded.held, mark = excluded.mark,
         beat_at = now(), lease_until = excluded.lease_until
     )
     select version::text,
            (select count(*)::int + 1 from proxy where id <> $1 and lease_until > now()) as proxies,
            (select count(pg_notify('${channels.proxies}', notice)) from unnest($9::text[]) as notice)
       from route_version`,
    [
      report.id,
      report.url,
      report.configHash,
      report.version.toString(),
      JSON.stringify(Object.fromEntries([...report.drained].map((id) => [id, true]))),
      report.held,
      report.mark,
      report.leaseMs,
      report.notices,
    ],
  );
  return { version: BigInt(rows[0]?.version ?? 0), proxies: rows[0]?.proxies ?? 1 };
}

export async function deleteReport(db: Queryable, id: string): Promise<void> {
  await db.query(
    `with gone as (delete from proxy where id = $1) select pg_notify('${channels.proxies}', $2)`,
    [id, `left ${id}`],
  );
}

/** Rows of proxies that crashed. They stay as long as a mark cookie lives: until then a client may wait for their marks. */
export async function forgetDead(db: Queryable): Promise<void> {
  await db.query(`delete from proxy where lease_until < now() - interval '1 hour'`);
}

export async function readCovered(db: Queryable): Promise<Covered> {
  const { rows } = await db.query<{ group_name: string; covered: Record<string, number> }>(
    `select group_name, covered from progress where direction = 'forward'`,
  );
  return new Map(rows.map((row) => [row.group_name, row.covered]));
}
