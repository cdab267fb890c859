import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { freePort, startCluster, type Cluster } from '#stack/clusters.ts';
import { createDataSource } from './store/data-source.ts';

let cluster: Cluster;
let databaseUrl: string;
let child: ChildProcess | undefined;
let output = '';

beforeAll(async () => {
  cluster = await startCluster();
  databaseUrl = await cluster.createDatabase('support');
});
afterEach(() => {
  child?.kill('SIGKILL');
});
afterAll(() => cluster?.stop());

function run(script: string, env: Record<string, string>): Promise<number | null> {
  output = '';
  const ours = /^(DATABASE_URL|PUBLIC_URL|JWKS_URL|CLIENT_ID|CLIENT_SECRET|EVENTS_SECRET|PORT|HOST)$/;
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name)));
  const started = spawn(process.execPath, [join(import.meta.dirname, script)], {
    env: { ...inherited, LOG_LEVEL: 'info', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [started.stdout, started.stderr])
    stream.on('data', (data: Buffer) => (output += data.toString()));
  child = started;
  return new Promise((resolve) => started.once('exit', resolve));
}

const complete = () => ({
  DATABASE_URL: databaseUrl,
  PUBLIC_URL: 'http://127.0.0.1:1',
  CLIENT_SECRET: 'service-secret-1',
});

test('the schema is made once, and may be undone', async () => {
  expect(await run('migrate.ts', complete())).toBe(0);
  expect(output).toContain('Support1764200000000');
  expect(await run('migrate.ts', complete())).toBe(0);
  const other = createDataSource({ url: await cluster.createDatabase('undone'), poolSize: 2 });
  await other.initialize();
  for (const { name } of await other.runMigrations()) expect(name).toBeTruthy();
  for (let undone = 0; undone < 2; undone += 1) await other.undoLastMigration();
  const left = await other.query<{ n: number }[]>(
    `select count(*)::int as n from pg_tables where schemaname = 'public' and tablename <> 'support_migrations'`,
  );
  expect(left).toEqual([{ n: 0 }]);
  await other.destroy();
});

test('the process answers its probes, takes no event without a secret, and ends with 0 on SIGTERM', async () => {
  const port = await freePort();
  const ended = run('main.ts', { ...complete(), PORT: String(port) });
  await expect.poll(() => output, { timeout: 60_000 }).toContain('the support service listens');
  const base = `http://127.0.0.1:${port}`;
  for (const path of ['/livez', '/readyz']) expect((await fetch(base + path)).status).toBe(200);
  const body = JSON.stringify({ question: 'How do I return a parcel?' });
  const headers = { 'content-type': 'application/json' };
  const asked = await fetch(`${base}/support/bot`, { method: 'POST', headers, body });
  expect(await asked.json()).toMatchObject({ handOver: true });
  expect((await fetch(`${base}/internal/events`, { method: 'POST', headers, body: '{}' })).status).toBe(404);
  const metrics = await (await fetch(`${base}/metrics`)).text();
  expect(metrics).toContain('db_pool_connections{pool="support",state="idle"');
  expect(metrics).toContain('route="/support/bot"');
  child?.kill('SIGTERM');
  expect(await ended).toBe(0);
});

test('what is missing is named, with what to set', async () => {
  for (const name of ['DATABASE_URL', 'PUBLIC_URL', 'CLIENT_SECRET'] as const) {
    expect(await run('main.ts', { ...complete(), [name]: '' })).toBe(2);
    expect(output).toContain(`${name} is not set`);
  }
});
