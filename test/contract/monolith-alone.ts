import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportJWK, generateKeyPair } from 'jose';
import { freePort, startCluster, type Cluster } from '#stack/clusters.ts';
import type { ContractOptions } from './context.ts';

const root = join(import.meta.dirname, '../..');

/** Who the seed of the sample shop knows. */
export const seededAccounts: ContractOptions = {
  accounts: {
    customer: { email: 'customer1@shop.example', password: 'shop-password-1' },
    agent: { email: 'agent@shop.example', password: 'shop-password-1' },
    manager: { email: 'manager@shop.example', password: 'shop-password-1' },
    admin: { email: 'admin@shop.example', password: 'shop-password-1' },
  },
  client: { id: 'orders-service', secret: 'service-secret-1' },
  webhookSecret: 'contract-webhook-secret',
};

export interface MonolithAlone {
  baseUrl: string;
  cluster: Cluster;
  database: string;
  mailDir: string;
  /** SIGKILL, and gone. */
  kill(): Promise<void>;
  /** Starts the process again at the same address, with what `env` changes. */
  start(env?: Record<string, string>): void;
  ready(): Promise<void>;
  stop(): Promise<void>;
}

/** The monolith as a process of its own, on a seeded database, with nothing in front of it. */
export async function startMonolithAlone({
  scale = 0.02,
  env: changes = {},
}: { scale?: number; env?: Record<string, string> } = {}): Promise<MonolithAlone> {
  const cluster = await startCluster();
  const databaseUrl = await cluster.createDatabase('shop');
  const folder = mkdtempSync(join(tmpdir(), 'shop-keys-'));
  const keysFile = join(folder, 'keys.json');
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = { ...(await exportJWK(privateKey)), kid: 'test', alg: 'ES256', use: 'sig' };
  writeFileSync(keysFile, JSON.stringify({ keys: [jwk] }));
  const port = await freePort();
  const baseUrl = `http://127.0.0.1:${port}`;
  const env = {
    ...process.env,
    DATABASE_URL: databaseUrl,
    HOST: '127.0.0.1',
    PORT: String(port),
    PUBLIC_URL: baseUrl,
    JWT_KEYS_FILE: keysFile,
    MAIL_DIR: join(folder, 'mail'),
    WEBHOOK_SECRET: seededAccounts.webhookSecret,
    CART_SECRET: 'contract-cart-secret',
    LOG_LEVEL: 'warn',
    ...changes,
  };
  const migrated = spawnSync(process.execPath, ['monolith/migrate.ts', '--seed', '--scale', String(scale)], {
    cwd: root,
    env,
    encoding: 'utf8',
  });
  if (migrated.status !== 0) throw new Error(`The migration failed:\n${migrated.stdout}${migrated.stderr}`);
  let shop: ChildProcess;
  let output = '';
  const start = (more: Record<string, string> = {}) => {
    shop = spawn(process.execPath, ['monolith/main.ts'], {
      cwd: root,
      env: { ...env, ...more },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [shop.stdout, shop.stderr])
      stream?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  };
  const end = async (signal: NodeJS.Signals) => {
    if (shop.exitCode !== null || shop.signalCode !== null) return;
    const ended = new Promise((resolve) => shop.once('exit', resolve));
    shop.kill(signal);
    await ended;
  };
  const ready = () => untilReady(shop, `${baseUrl}/readyz`, () => output);
  start();
  await ready();
  return {
    baseUrl,
    cluster,
    database: 'shop',
    mailDir: env.MAIL_DIR,
    kill: () => end('SIGKILL'),
    start,
    ready,
    async stop() {
      await end('SIGTERM');
      await cluster.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function untilReady(shop: ChildProcess, url: string, output: () => string): Promise<void> {
  const end = Date.now() + 60_000;
  while (shop.exitCode === null && Date.now() < end) {
    const answer = await fetch(url).catch(() => undefined);
    await answer?.arrayBuffer();
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  shop.kill('SIGKILL');
  throw new Error(`The monolith did not become ready:\n${output()}`);
}
