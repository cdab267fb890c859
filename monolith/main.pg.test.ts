import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCluster, type Cluster } from '#stack/clusters.ts';
import { migrate } from './migrate.ts';
import { seed } from './seed/seed.ts';
import { writeKeys } from './testing/shop-on.ts';

let cluster: Cluster;
let folder: string;
let environment: Record<string, string>;

beforeAll(async () => {
  cluster = await startCluster();
  folder = await mkdtemp(join(tmpdir(), 'shop-main-'));
  const databaseUrl = await cluster.createDatabase('shop');
  await migrate(databaseUrl);
  await seed(databaseUrl, 0.002);
  environment = { PORT: '0', DATABASE_URL: databaseUrl, JWT_KEYS_FILE: await writeKeys(folder) };
});

afterAll(async () => {
  await cluster.stop();
  await rm(folder, { recursive: true, force: true });
});

interface Run {
  child: ChildProcess;
  output: () => string;
  ended: Promise<number | null>;
}

function run(changes: Record<string, string>): Run {
  const main = new URL('./main.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [main], {
    env: { PATH: process.env['PATH'] ?? '', ...environment, ...changes },
  });
  let output = '';
  child.stdout.on('data', (part: Buffer) => (output += part.toString()));
  child.stderr.on('data', (part: Buffer) => (output += part.toString()));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { child, output: () => output, ended };
}

async function refusal(changes: Record<string, string>): Promise<string> {
  const { output, ended } = run(changes);
  expect(await ended).toBe(1);
  return output();
}

const addressOf = ({ output }: Run) => /"address":"(http:[^"]+)"/.exec(output())?.[1];

test('it says what is missing or taken, and what to do', async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const { port } = taken.address() as AddressInfo;
  expect(await refusal({ PORT: String(port) })).toMatch(
    new RegExp(`Port ${port} on 127.0.0.1 is in use.*PORT`),
  );
  await new Promise((resolve) => taken.close(resolve));
  expect(await refusal({ DATABASE_URL: `postgres://x@127.0.0.1:${port}/shop` })).toMatch(
    /database.*cannot be reached/,
  );
  expect(await refusal({ DATABASE_URL: cluster.url('nowhere') })).toMatch(/database.*cannot be reached/);
  expect(await refusal({ DATABASE_URL: '' })).toMatch(/DATABASE_URL is missing/);
  expect(await refusal({ JWT_KEYS_FILE: join(folder, 'none.json') })).toMatch(/JWT_KEYS_FILE cannot be read/);
  expect(await refusal({ DB_POOL: 'many' })).toMatch(/DB_POOL is "many"/);
});

test('a database without the schema is named as such', async () => {
  const empty = await cluster.createDatabase('empty');
  expect(await refusal({ DATABASE_URL: empty })).toMatch(/migrate/);
});

test('it drains on SIGTERM: the request in flight is answered, and the exit is clean', async () => {
  const shop = run({});
  await expect.poll(() => addressOf(shop), { timeout: 60_000 }).toBeDefined();
  const address = addressOf(shop) ?? '';
  expect((await fetch(`${address}/readyz`)).status).toBe(200);
  // A lock keeps the request in flight until the process has been told to stop.
  const blocker = cluster.query(
    `begin; lock table prod in access exclusive mode; select pg_sleep(1.5); commit`,
    'shop',
  );
  await expect
    .poll(
      async () =>
        (await cluster.query(`select from pg_locks where mode = 'AccessExclusiveLock'`, 'shop')).rowCount,
    )
    .toBeGreaterThan(0);
  const answer = fetch(`${address}/products/1`);
  await expect
    .poll(async () => (await cluster.query('select from pg_locks where not granted', 'shop')).rowCount)
    .toBeGreaterThan(0);
  shop.child.kill('SIGTERM');
  expect((await answer).status).toBe(200);
  expect(await shop.ended).toBe(0);
  await blocker;
});
