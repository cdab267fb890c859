import { spawn, type ChildProcess } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../clusters.ts';
import { ChildRegister, endLeftoverServers } from '../data-dir.ts';
import { allServices } from '../services.ts';

interface Run {
  child: ChildProcess;
  out: () => string;
  err: () => string;
  exit: Promise<number | NodeJS.Signals>;
}

const runs: Run[] = [];
let dataDir: string;
let port: number;
let operatorPort: number;

function start(...args: string[]): Run {
  const child = spawn(process.execPath, ['stack/start/main.ts', ...args], {
    cwd: resolve(import.meta.dirname, '../..'),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const exit = new Promise<number | NodeJS.Signals>((done) =>
    child.once('close', (code, signal) => done(signal ?? code ?? 1)),
  );
  const run = { child, out: () => out, err: () => err, exit };
  runs.push(run);
  return run;
}

const usual = () => [
  ...['--data-dir', dataDir, '--port', String(port), '--operator-port', String(operatorPort)],
  ...['--scale', '0.01'],
];

/** A start that has to work; returns the process ids of all that it runs. */
async function started(): Promise<{ run: Run; pids: number[] }> {
  const run = start(...usual());
  await until('the shop to answer', () => {
    if (run.child.exitCode !== null) throw new Error(run.out() + run.err());
    return run.out().includes('Ctrl-C stops everything');
  });
  const children = [...run.out().matchAll(/ pid (\d+)/g)].map((match) => Number(match[1]));
  const servers = globSync(join(dataDir, 'postgres/*/data/postmaster.pid')).map((file) =>
    Number(readFileSync(file, 'utf8').split('\n')[0]),
  );
  // Payments, monolith, operator, cdc and proxy; and the services.
  expect([children.length, servers.length]).toEqual([5 + allServices.length, 3]);
  return { run, pids: [...children, ...servers] };
}

/** A start that has to be refused. */
async function refused(...args: string[]): Promise<{ code: number | NodeJS.Signals; line: string }> {
  const run = start(...args);
  const code = await run.exit;
  expect(run.out()).toBe('');
  expect(run.err()).toMatch(/^[^\n]+\n$/);
  return { code, line: run.err().trim() };
}

async function until(what: string, condition: () => boolean, timeoutMs = 100_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`waited ${timeoutMs} ms for ${what}`);
    await delay(50);
  }
}

function lives(pid: number): boolean {
  try {
    // A process that nobody has waited for yet has ended all the same: its command line is empty.
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== '';
  } catch {
    return false;
  }
}

const answers = async () => (await fetch(`http://127.0.0.1:${port}/products?limit=3`)).status;

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'matapalo-start-'));
  [port, operatorPort] = [await freePort(), await freePort()];
});
afterAll(async () => {
  for (const run of runs) {
    if (run.child.exitCode === null && run.child.signalCode === null) run.child.kill('SIGINT');
    await run.exit;
  }
  // A supervisor that failed a test may have left what it ran.
  new ChildRegister(dataDir).endLeftovers();
  endLeftoverServers(dataDir);
  rmSync(dataDir, { recursive: true, force: true });
});

describe('npm start with bad input', () => {
  it.each([
    [['--port', 'abc'], '--port abc'],
    [['--prot', '7000'], '--prot'],
  ])('%j: one line, exit 2', async (args, named) => {
    const { code, line } = await refused(...args);
    expect(code).toBe(2);
    expect(line).toContain(named);
  });

  it.each([['--port'], ['--operator-port']])('%s in use: one line, exit 1', async (option) => {
    const other = createServer();
    await new Promise<void>((done) => other.listen(0, '127.0.0.1', done));
    const taken = (other.address() as { port: number }).port;
    const { code, line } = await refused(...usual(), option, String(taken));
    other.close();
    expect(code).toBe(1);
    expect(line).toContain(`Port ${taken} is in use`);
    expect(line).toContain(option);
  });

  it('--fresh on a folder of somebody else: refused, nothing is removed', async () => {
    const theirs = mkdtempSync(join(tmpdir(), 'matapalo-theirs-'));
    writeFileSync(join(theirs, 'thesis.txt'), 'years of work');
    const { code, line } = await refused(
      '--fresh',
      '--port',
      '0',
      '--operator-port',
      '0',
      '--data-dir',
      theirs,
    );
    expect(code).toBe(1);
    expect(line).toContain('--fresh');
    expect(readFileSync(join(theirs, 'thesis.txt'), 'utf8')).toBe('years of work');
    rmSync(theirs, { recursive: true });
  });
});

describe('npm start, again and again on the same data', () => {
  it('a second one while the first runs: refused in one line, with --fresh too, and the first goes on', async () => {
    const { run, pids } = await started();
    for (const args of [usual(), [...usual(), '--fresh']]) {
      const { code, line } = await refused(...args);
      expect(code).toBe(1);
      expect(line).toContain(`in use by process ${run.child.pid}`);
    }
    expect(await answers()).toBe(200);

    // Ctrl-C reaches the supervisor alone: it has to end the rest.
    run.child.kill('SIGINT');
    expect(await run.exit).toBe(0);
    expect(run.out()).toContain('Stopped.');
    expect(pids.filter(lives)).toEqual([]);
  });

  it('after a supervisor that was killed: its leftovers are ended, the same ports answer', async () => {
    const killed = await started();
    killed.run.child.kill('SIGKILL');
    expect(await killed.run.exit).toBe('SIGKILL');
    expect(killed.pids.filter(lives)).toEqual(killed.pids);

    const next = await started();
    expect(next.run.out()).toContain('Ended what an earlier start left running');
    expect(killed.pids.filter(lives)).toEqual([]);
    expect(await answers()).toBe(200);
    next.run.child.kill('SIGINT');
    expect(await next.run.exit).toBe(0);
    expect(next.pids.filter(lives)).toEqual([]);
  });
});
