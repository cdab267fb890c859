import { fork, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { beat, isApplied } from '#guard/ownership.ts';
import { transaction } from '#kernel/db/pool.ts';
import type { DebeziumConfig } from '#plan/debezium-config.ts';
import { publishGroup } from '#plan/store/groups.ts';
import { readProgress } from '#plan/store/progress.ts';
import { createDatabases, createPlan, writeUpdates, type Databases, type Sides } from './sides.ts';

/** One way to keep a target in step, as the bench drives it. */
export interface Peer {
  databases: Databases;
  /** Milliseconds of the first copy. */
  backfillMs: number;
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Resolves once all that was written before the call is in the target. */
  caughtUp(): Promise<void>;
  /** Peak resident set so far, where the peer has a process of its own. */
  peakRssMiB(): number | undefined;
  close(): Promise<void>;
}

export const until = async (check: () => Promise<boolean>) => {
  while (!(await check())) await delay(10);
};

/** PostgreSQL's own logical replication: same tables, same clusters. */
export async function nativePeer(sides: Sides, name: string, rows: number): Promise<Peer> {
  const databases = await createDatabases(sides, name, rows, false);
  const { source, target, sourceUrl } = databases;
  await source.query(`create table marker (n bigint primary key)`);
  await target.query(`create table marker (n bigint primary key)`);
  await source.query(`create publication p for table item, marker`);
  const url = new URL(sourceUrl);
  await target.query('select 1');
  const started = performance.now();
  await target.query(
    `create subscription ${name} connection 'host=127.0.0.1 port=${url.port} dbname=${name} user=postgres' publication p`,
  );
  await until(async () => {
    const { rows: states } = await target.query<{ n: string }>(
      `select count(*)::text as n from pg_subscription_rel where srsubstate not in ('r', 's')`,
    );
    return states[0]?.n === '0';
  });
  const backfillMs = performance.now() - started;
  let n = 0;
  return {
    databases,
    backfillMs,
    async pause() {
      await target.query(`alter subscription ${name} disable`);
      await until(
        async () =>
          (await source.query(`select from pg_replication_slots where slot_name = '${name}' and active`))
            .rowCount === 0,
      );
    },
    async resume() {
      await target.query(`alter subscription ${name} enable`);
    },
    async caughtUp() {
      await source.query('insert into marker values ($1)', [++n]);
      await until(async () => (await target.query('select from marker where n = $1', [n])).rowCount === 1);
    },
    peakRssMiB: () => undefined,
    async close() {
      await target.query(`alter subscription ${name} disable`);
      await target.query(`drop subscription ${name}`);
      await source.end();
      await target.end();
    },
  };
}

/** Ours, in a process of its own as in a real installation. */
export async function ownPeer(
  sides: Sides,
  name: string,
  rows: number,
  debezium?: DebeziumConfig,
): Promise<Peer> {
  const databases = await createDatabases(sides, name, rows, true);
  const { source, target } = databases;
  const { plan, control } = await createPlan(sides, databases, debezium);
  let child: ChildProcess | undefined;
  const tell = async (message: 'pause' | 'resume') => {
    const answered = new Promise<void>((resolve) => child?.once('message', () => resolve()));
    child?.send(message);
    await answered;
  };
  const run = async () => {
    const started = fork(new URL('worker-process.ts', import.meta.url), {
      env: { ...process.env, BENCH_CONFIG: JSON.stringify(plan.config), LOG_LEVEL: 'warn' },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      execArgv: process.env['BENCH_PROFILE']
        ? ['--cpu-prof', `--cpu-prof-dir=${process.env['BENCH_PROFILE']}`]
        : [],
    });
    await new Promise<void>((resolve, reject) => {
      started.once('message', () => resolve());
      started.once('exit', (code) => reject(new Error(`the worker ended with ${code}`)));
    });
    child = started;
  };
  const halt = async () => {
    const running = child;
    child = undefined;
    if (running === undefined || running.exitCode !== null) return;
    await new Promise<void>((resolve) => {
      running.once('exit', () => resolve());
      running.kill('SIGTERM');
    });
  };
  await run();
  const started = performance.now();
  await transaction(control, (db) => publishGroup(db, name, { phase: 'syncing', epoch: 1n }));
  await until(async () =>
    (await readProgress(control, name)).some(
      (row) => row.direction === 'forward' && row.state !== 'preparing' && row.state !== 'backfilling',
    ),
  );
  const backfillMs = performance.now() - started;
  await until(async () => (await readProgress(control, name)).every((row) => row.state === 'streaming'));
  return {
    databases,
    backfillMs,
    pause: () => tell('pause'),
    resume: () => tell('resume'),
    async caughtUp() {
      const written = await beat(source, name);
      if (written === undefined) throw new Error('no beat row');
      await until(() => isApplied(target, name, 'forward', written));
    },
    peakRssMiB() {
      if (child?.pid === undefined) return undefined;
      const found = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'));
      return found ? Number(found[1]) / 1024 : undefined;
    },
    async close() {
      await halt();
      for (const pool of [source, target, control]) await pool.end();
    },
  };
}

/** Rows per second with which a peer works off a backlog. */
export async function drainRate(
  peer: Peer,
  rows: number,
  count: number,
  keys: 'uniform' | 'zipf',
): Promise<number> {
  await peer.pause();
  await writeUpdates(peer.databases.source, rows, count, keys);
  await peer.databases.source.query('checkpoint');
  await peer.databases.target.query('vacuum product').catch(() => peer.databases.target.query('vacuum item'));
  const started = performance.now();
  await peer.resume();
  await peer.caughtUp();
  return count / ((performance.now() - started) / 1_000);
}

/** Milliseconds from the source's answer to a commit until another session sees it in the target: p50 over `samples`. */
export async function idleLag(peer: Peer, samples: number): Promise<number> {
  const { source, target } = peer.databases;
  const lags: number[] = [];
  for (let i = 0; i < samples; i++) {
    await source.query('update item set qty = -1 - $1::int where id = 1', [i]);
    const committed = performance.now();
    // No pause between two looks: one takes a fraction of a millisecond.
    while (
      (await target.query('select from product where id = 1 and quantity = -1 - $1::int', [i])).rowCount === 0
    );
    lags.push(performance.now() - committed);
    await delay(30);
  }
  lags.sort((a, b) => a - b);
  return lags[Math.floor(lags.length / 2)] ?? NaN;
}
