import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { freePort, startCluster, type Cluster } from '#stack/clusters.ts';
import { writeRing } from '../../test/contract/users-alone.ts';

const folder = mkdtempSync(join(tmpdir(), 'users-main-'));
const keysFile = join(folder, 'keys.json');
let cluster: Cluster;
let databaseUrl: string;
let child: ChildProcess | undefined;
let output = '';

beforeAll(async () => {
  cluster = await startCluster();
  databaseUrl = await cluster.createDatabase('users');
  await writeRing(keysFile);
});
afterEach(() => {
  child?.kill('SIGKILL');
});
afterAll(async () => {
  await cluster?.stop();
  rmSync(folder, { recursive: true, force: true });
});

function run(script: string, env: Record<string, string>): Promise<number | null> {
  output = '';
  const ours = /^(DATABASE_URL|PUBLIC_URL|JWKS_URL|JWT_KEYS_FILE|MAIL_DIR|PORT|HOST)$/;
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
  JWT_KEYS_FILE: keysFile,
});

test('the schema is made once; the process answers its probes and ends with 0 on SIGTERM', async () => {
  expect(await run('migrate.ts', complete())).toBe(0);
  expect(output).toContain('Users1764100000000');
  expect(await run('migrate.ts', complete())).toBe(0);
  const port = await freePort();
  const ended = run('main.ts', { ...complete(), PORT: String(port) });
  await expect.poll(() => output, { timeout: 60_000 }).toContain('the users service listens');
  const base = `http://127.0.0.1:${port}`;
  for (const path of ['/livez', '/readyz', '/.well-known/jwks.json'])
    expect((await fetch(base + path)).status).toBe(200);
  const metrics = await (await fetch(`${base}/metrics`)).text();
  expect(metrics).toContain('db_pool_connections{pool="users",state="idle"');
  expect(metrics).toContain('route="/.well-known/jwks.json"');
  child?.kill('SIGTERM');
  expect(await ended).toBe(0);
});

test('what is missing is named, with what to set', async () => {
  for (const name of ['DATABASE_URL', 'PUBLIC_URL', 'JWT_KEYS_FILE'] as const) {
    expect(await run('main.ts', { ...complete(), [name]: '' })).toBe(2);
    expect(output).toContain(`${name} is not set`);
  }
  expect(await run('main.ts', { ...complete(), JWT_KEYS_FILE: join(folder, 'none') })).toBe(2);
  expect(output).toContain('cannot be read');
});

test('keys are rotated by command, not before everybody can know the next one', async () => {
  expect(await run('rotate-keys.ts', { JWT_KEYS_FILE: keysFile })).toBe(0);
  expect(output).toContain('another key signs now');
  expect(await run('rotate-keys.ts', { JWT_KEYS_FILE: keysFile })).toBe(2);
  expect(output).toContain('published a moment ago');
});
