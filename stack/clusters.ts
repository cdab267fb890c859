import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import {
  chownSync,
  existsSync,
  mkdirSync,
  openSync,
  closeSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { mkdtempSync, chmodSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { assertReachable, binaryFolder, serverIdentity } from './binaries.ts';

export interface ClusterOptions {
  /** Kept between starts; a temporary folder, removed on stop, when absent. */
  dataDir?: string;
  /** A free one is taken when absent or 0. */
  port?: number;
  /** Extra `name=value` server settings. */
  settings?: Record<string, string>;
  /** False trades crash safety of the *machine* for speed; killed processes lose nothing either way. Default false. */
  fsync?: boolean;
}

/** A real PostgreSQL cluster of its own, with logical decoding on. The superuser is `postgres` over loopback, trusted. */
export interface Cluster {
  readonly port: number;
  readonly dataDir: string;
  /** Process id of the postmaster, for fault tests. */
  readonly pid: number;
  /** `user` defaults to the superuser. */
  url(database?: string, user?: string): string;
  createDatabase(name: string, options?: { owner?: string; template?: string }): Promise<string>;
  /** Runs statements as the superuser. */
  query(sql: string, database?: string): Promise<pg.QueryResult>;
  /** Immediate stop, as a power cut to the process group. */
  kill(): Promise<void>;
  /** Starts again on the same data and port. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const defaultSettings: Record<string, string> = {
  wal_level: 'logical',
  max_wal_senders: '40',
  max_replication_slots: '40',
  max_active_replication_origins: '40',
  max_logical_replication_workers: '8',
  max_worker_processes: '16',
  max_connections: '300',
  max_prepared_transactions: '8',
  shared_buffers: '128MB',
  max_wal_size: '2GB',
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  timezone: 'UTC',
  log_timezone: 'UTC',
  autovacuum_naptime: '30s',
  jit: 'off',
};

/** The preferred one where nobody has it, else any. */
export async function freePort(preferred = 0): Promise<number> {
  const server = createServer();
  const listening = await new Promise<boolean>((resolve, reject) => {
    server.once('error', (error) => (preferred === 0 ? reject(error) : resolve(false)));
    server.listen(preferred, '127.0.0.1', () => resolve(true));
  });
  if (!listening) return freePort();
  const address = server.address();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  if (address === null || typeof address === 'string') throw new Error('No free port on 127.0.0.1.');
  return address.port;
}

export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const bin = binaryFolder();
  const identity = serverIdentity();
  const temporary = options.dataDir === undefined;
  const root = options.dataDir ?? mkdtempSync(join(tmpdir(), 'matapalo-pg-'));
  mkdirSync(root, { recursive: true });
  if (identity) {
    chownSync(root, identity.uid, identity.gid);
    if (temporary) chmodSync(root, 0o755);
  }
  assertReachable(bin, identity);
  assertReachable(root, identity);
  const data = join(root, 'data');
  const log = join(root, 'server.log');
  if (!existsSync(join(data, 'PG_VERSION'))) {
    rmSync(data, { recursive: true, force: true });
    const init = spawnSync(
      join(bin, 'initdb'),
      [
        '-D',
        data,
        '-U',
        'postgres',
        '-A',
        'trust',
        '-E',
        'UTF8',
        '--locale=C',
        '--no-sync',
        '--no-instructions',
      ],
      { ...identity, encoding: 'utf8', cwd: '/' },
    );
    if (init.status !== 0) throw new Error(`initdb failed in ${data}: ${init.stderr || String(init.error)}`);
  } else endLeftover(bin, data, identity);
  const port = options.port || (await freePort());
  const settings = { ...defaultSettings, fsync: options.fsync ? 'on' : 'off', ...options.settings };
  writeFileSync(
    join(data, 'matapalo.conf'),
    Object.entries(settings)
      .map(([name, value]) => `${name} = '${value}'\n`)
      .join(''),
  );
  const conf = join(data, 'postgresql.conf');
  if (!readFileSync(conf, 'utf8').includes('matapalo.conf')) {
    writeFileSync(conf, `${readFileSync(conf, 'utf8')}\ninclude 'matapalo.conf'\n`);
  }
  let child: ChildProcess | undefined;

  const url = (database = 'postgres', user = 'postgres') =>
    `postgres://${user}@127.0.0.1:${port}/${database}`;

  const query = async (sql: string, database = 'postgres') => {
    const client = new pg.Client({ connectionString: url(database) });
    await client.connect();
    try {
      return await client.query(sql);
    } finally {
      await client.end();
    }
  };

  const up = async () => {
    const out = openSync(log, 'a');
    child = spawn(join(bin, 'postgres'), ['-D', data, '-p', String(port)], {
      ...identity,
      cwd: '/',
      stdio: ['ignore', out, out],
      // Ctrl-C in a terminal must not reach the server before its clients.
      detached: true,
    });
    closeSync(out);
    const started = child;
    for (;;) {
      if (started.exitCode !== null || started.signalCode !== null) {
        const tail = readFileSync(log, 'utf8').trim().split('\n').slice(-5).join('\n');
        throw new Error(`PostgreSQL did not start on port ${port} (log: ${log}):\n${tail}`);
      }
      try {
        await query('select 1');
        return;
      } catch {
        await delay(50);
      }
    }
  };

  const down = async (signal: NodeJS.Signals) => {
    const running = child;
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return;
    await new Promise<void>((resolve) => {
      running.once('exit', () => resolve());
      running.kill(signal);
    });
  };

  await up();
  return {
    port,
    dataDir: root,
    get pid() {
      return child?.pid ?? -1;
    },
    url,
    query,
    async createDatabase(name, { owner, template } = {}) {
      const parts = [`create database "${name}"`];
      if (owner) parts.push(`owner "${owner}"`);
      if (template) parts.push(`template "${template}"`);
      await query(parts.join(' '));
      return url(name, owner);
    },
    kill: () => down('SIGQUIT'),
    restart: async () => {
      await down('SIGINT');
      await up();
    },
    async stop() {
      // SIGINT is PostgreSQL's fast shutdown: sessions are ended, data is flushed.
      await down('SIGINT');
      if (temporary) rmSync(root, { recursive: true, force: true });
    },
  };
}

/** A supervisor that was killed leaves its server running on our own data directory: end that one, and no other. */
function endLeftover(bin: string, data: string, identity: ReturnType<typeof serverIdentity>): void {
  if (!existsSync(join(data, 'postmaster.pid'))) return;
  spawnSync(join(bin, 'pg_ctl'), ['stop', '-D', data, '-m', 'fast', '-w', '-t', '30'], {
    ...identity,
    cwd: '/',
    stdio: 'ignore',
  });
}
