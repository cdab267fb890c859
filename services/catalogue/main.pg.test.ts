import { spawn, type ChildProcess } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { freePort, startCluster, type Cluster } from '#stack/clusters.ts';

let cluster: Cluster;
let databaseUrl: string;
let child: ChildProcess | undefined;
let output = '';

beforeAll(async () => {
  cluster = await startCluster();
  databaseUrl = await cluster.createDatabase('catalogue');
});

afterEach(async () => {
  if (child !== undefined && child.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL');
    await new Promise((resolve) => child?.once('exit', resolve));
  }
  child = undefined;
});

afterAll(() => cluster?.stop());

function run(script: string, env: Record<string, string>): Promise<number | null> {
  output = '';
  const inherited = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(DATABASE_URL|PUBLIC_URL|JWKS_URL|PORT|HOST)$/.test(name),
    ),
  );
  const started = spawn(process.execPath, [join(import.meta.dirname, script)], {
    env: { ...inherited, LOG_LEVEL: 'info', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [started.stdout, started.stderr])
    stream.on('data', (data: Buffer) => (output += data.toString()));
  child = started;
  return new Promise((resolve) => started.once('exit', resolve));
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 60_000;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`It did not happen; the process said:\n${output}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

const PUBLIC_URL = 'http://127.0.0.1:1';

describe('the migrations', () => {
  test('run once, may run again, and may be undone', async () => {
    expect(await run('migrate.ts', { DATABASE_URL: databaseUrl })).toBe(0);
    expect(output).toContain('Catalogue1764000000000');
    expect(await run('migrate.ts', { DATABASE_URL: databaseUrl })).toBe(0);
    const { createDataSource } = await import('./store/data-source.ts');
    const other = createDataSource({ url: await cluster.createDatabase('undone'), poolSize: 2 });
    await other.initialize();
    await other.runMigrations();
    for (let undone = 0; undone < 2; undone += 1) await other.undoLastMigration();
    const left = await other.query<{ n: number }[]>(
      `select count(*)::int as n from pg_tables where schemaname = 'public' and tablename <> 'catalogue_migrations'`,
    );
    expect(left).toEqual([{ n: 0 }]);
    await other.destroy();
  });
});

describe('the process', () => {
  test('answers its probes, finishes what is in flight and ends with 0 on SIGTERM', async () => {
    const port = await freePort();
    const ended = run('main.ts', {
      DATABASE_URL: databaseUrl,
      PUBLIC_URL,
      PORT: String(port),
      STANDALONE: 'true',
    });
    await until(() => output.includes('the catalogue listens'));
    const base = `http://127.0.0.1:${port}`;
    for (const path of ['/livez', '/readyz']) expect((await fetch(base + path)).status).toBe(200);
    await (await fetch(`${base}/products`)).arrayBuffer();
    const metrics = await (await fetch(`${base}/metrics`)).text();
    expect(metrics).toContain('http_request_duration_seconds');
    expect(metrics).toContain('db_pool_connections{pool="catalogue",state="idle"');
    expect(metrics).toContain('route="/products"');
    const slow = cluster.query('begin; lock table products; select pg_sleep(1); commit', 'catalogue');
    await until(async () => {
      const locks = await cluster.query(
        `select 1 from pg_locks where relation = 'products'::regclass and mode = 'AccessExclusiveLock' and granted`,
        'catalogue',
      );
      return locks.rows.length > 0;
    });
    const inFlight = fetch(`${base}/products`);
    await until(async () => {
      const waiting = await cluster.query(`select 1 from pg_locks where not granted`, 'catalogue');
      return waiting.rows.length > 0;
    });
    child?.kill('SIGTERM');
    expect((await inFlight).status).toBe(200);
    expect(await ended).toBe(0);
    await slow;
  });

  test('is not ready, and answers 503, while its database is away; and recovers by itself', async () => {
    const port = await freePort();
    void run('main.ts', { DATABASE_URL: databaseUrl, PUBLIC_URL, PORT: String(port), STANDALONE: 'true' });
    await until(() => output.includes('the catalogue listens'));
    const status = async (path: string) => {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`);
      await answer.arrayBuffer();
      return answer.status;
    };
    await cluster.kill();
    await until(async () => (await status('/readyz')) === 503);
    expect(await status('/products')).toBe(503);
    expect(await status('/livez')).toBe(200);
    await cluster.restart();
    await until(async () => (await status('/readyz')) === 200);
    expect(await status('/products')).toBe(200);
  });

  test('says what is missing, in use or away, and what to do', async () => {
    expect(await run('main.ts', { PUBLIC_URL })).toBe(2);
    expect(output).toContain('DATABASE_URL is not set');
    expect(await run('main.ts', { DATABASE_URL: databaseUrl })).toBe(2);
    expect(output).toContain('PUBLIC_URL is not set');
    const nobody = `postgres://postgres@127.0.0.1:${await freePort()}/catalogue`;
    expect(await run('main.ts', { DATABASE_URL: nobody, PUBLIC_URL })).toBe(5);
    expect(output).toContain('cannot be reached');
    const taken: Server = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as AddressInfo;
    expect(await run('main.ts', { DATABASE_URL: databaseUrl, PUBLIC_URL, PORT: String(port) })).toBe(5);
    expect(output).toContain(`Port ${port} on 127.0.0.1 is in use`);
    await new Promise((resolve) => taken.close(resolve));
  });
});
