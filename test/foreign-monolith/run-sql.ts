import pg from 'pg';

/** One statement on a connection of its own. */
export async function runSql(url: string, sql: string): Promise<pg.QueryResult> {
  const db = new pg.Client({ connectionString: url });
  await db.connect();
  try {
    return await db.query(sql);
  } finally {
    await db.end();
  }
}
