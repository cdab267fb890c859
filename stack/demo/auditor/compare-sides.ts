import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { legacySql, serviceSql, tables, type Table } from './side-sql.ts';

export interface Difference {
  table: Table;
  key: string;
  legacy: string | undefined;
  service: string | undefined;
}

export interface Comparison {
  /** Rows seen, a row on both sides counted once. */
  rows: number;
  differences: Difference[];
}

export interface Sides {
  legacyUrl: string;
  serviceUrl: string;
}

/**
 * Compares all mapped rows while they change. A row may be on its way: one that differs is read again until both sides have
 * agreed once, and counts as different when they never did within `patienceMs`.
 */
export async function compareSides(sides: Sides, patienceMs = 10_000): Promise<Comparison> {
  const legacy = new pg.Client({ connectionString: sides.legacyUrl, application_name: 'demo auditor' });
  const service = new pg.Client({ connectionString: sides.serviceUrl, application_name: 'demo auditor' });
  await Promise.all([legacy.connect(), service.connect()]);
  try {
    let rows = 0;
    const differences: Difference[] = [];
    for (const table of tables) {
      const [ours, theirs] = await Promise.all([
        digests(legacy, legacySql[table]),
        digests(service, serviceSql[table]),
      ]);
      const keys = new Set([...ours.keys(), ...theirs.keys()]);
      rows += keys.size;
      let open = [...keys].filter((key) => ours.get(key) !== theirs.get(key));
      const deadline = Date.now() + patienceMs;
      let last: Difference[] = [];
      while (open.length > 0) {
        const [a, b] = await Promise.all([
          rowsOf(legacy, legacySql[table], open),
          rowsOf(service, serviceSql[table], open),
        ]);
        last = open
          .map((key) => ({ table, key, legacy: a.get(key), service: b.get(key) }))
          .filter((row) => row.legacy !== row.service);
        open = last.map(({ key }) => key);
        if (open.length > 0 && Date.now() > deadline) break;
        if (open.length > 0) await delay(100);
      }
      differences.push(...last);
    }
    return { rows, differences };
  } finally {
    await Promise.all([legacy.end(), service.end()]);
  }
}

interface Row {
  key: string;
  row: string;
}

async function digests(db: pg.Client, sql: string): Promise<Map<string, string>> {
  const { rows } = await db.query<Row>(`select key, md5(row) as row from (${sql}) as side`);
  return new Map(rows.map(({ key, row }) => [key, row]));
}

async function rowsOf(db: pg.Client, sql: string, keys: readonly string[]): Promise<Map<string, string>> {
  const { rows } = await db.query<Row>(`select key, row from (${sql}) as side where key = any($1::text[])`, [
    keys,
  ]);
  return new Map(rows.map(({ key, row }) => [key, row]));
}

export function describeDifference({ table, key, legacy, service }: Difference): string {
  return `${table} ${key}: legacy has ${legacy ?? 'no row'}, the service has ${service ?? 'no row'}`;
}
