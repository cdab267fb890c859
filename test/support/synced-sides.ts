import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll } from 'vitest';
import type { Worker } from '#cdc/worker/worker.ts';
import { closeSynced, startTestWorker, syncGroup } from './cdc-fixture.ts';
import type { UnderTest } from './transports.ts';
import { exampleRows, type Pair, type PairOptions, type TwoSides } from './two-sides.ts';

/** What a suite has in each of its tests: a pair of databases that a worker keeps in sync. */
export interface SyncedSides {
  pair: Pair;
  worker: Worker;
  /** Makes the pair with so many example rows, starts the worker, and waits until both directions stream. */
  sync(rows?: number, options?: PairOptions): Promise<void>;
}

/** Two clusters for the suite; after each test its worker is stopped and its pair taken down. */
export function syncedSides(start: UnderTest['start']): SyncedSides {
  let sides: TwoSides;
  let pair: Pair | undefined;
  let worker: Worker | undefined;
  beforeAll(async () => {
    sides = await start();
  });
  afterEach(async () => {
    await worker?.stop();
    worker = undefined;
    if (pair !== undefined) await closeSynced(pair);
    pair = undefined;
  });
  afterAll(() => sides.stop());
  const there = <T>(one: T | undefined): T => {
    if (one === undefined) throw new Error('sync() comes first.');
    return one;
  };
  return {
    get pair() {
      return there(pair);
    },
    get worker() {
      return there(worker);
    },
    set worker(next) {
      worker = next;
    },
    async sync(rows = 10, options = {}) {
      pair = await sides.pair({ guard: true, ...options });
      if (rows > 0) await pair.legacyApp.query(exampleRows(rows));
      worker = await startTestWorker(pair);
      await syncGroup(pair);
    },
  };
}

/** Starts cdc as it is deployed, for what only a process of its own can suffer. */
export function workerProcesses(): (pair: Pair) => ChildProcess {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'matapalo-cdc-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return (pair) => {
    const config = join(folder, 'strangler.config.ts');
    writeFileSync(config, `export default ${JSON.stringify(pair.config)};\n`);
    return spawn(process.execPath, [resolve('cdc/main.ts')], {
      env: { ...process.env, MATAPALO_CONFIG: config, CDC_PORT: '0', LOG_LEVEL: 'error' },
      stdio: 'ignore',
    });
  };
}
