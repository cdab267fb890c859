import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

export interface ProcessSpec {
  name: string;
  /** A TypeScript or JavaScript entry, run by this Node; with `command`, what tells its process from others of that command. */
  entry: string;
  /** Another program than this Node; `args` are then all of its arguments. */
  command?: string;
  args?: readonly string[];
  env?: Record<string, string>;
  cwd?: string;
  /** Where standard output and error go. */
  logFile: string;
  /** Answers 2xx when the process is ready. */
  readyUrl?: string;
  /** Instead of `readyUrl`, where a plain GET does not tell; what it throws counts as no. */
  probe?: () => Promise<boolean>;
  readyTimeoutMs?: number;
}

/** One Node process of the stack. `kill` and `stop` end this one process, by its id. */
export interface StackProcess {
  readonly name: string;
  readonly pid: number;
  readonly exited: boolean;
  readonly logFile: string;
  /** Resolves with the exit code, or the signal's name. */
  readonly exit: Promise<number | NodeJS.Signals>;
  ready(): Promise<void>;
  signal(signal: NodeJS.Signals): void;
  /** SIGTERM, then SIGKILL when it does not end within the time. */
  stop(timeoutMs?: number): Promise<void>;
  kill(): Promise<void>;
}

export function startProcess(spec: ProcessSpec): StackProcess {
  mkdirSync(dirname(spec.logFile), { recursive: true });
  const out = openSync(spec.logFile, 'a');
  const args = spec.args ?? [];
  const [command, all] =
    spec.command === undefined
      ? [process.execPath, [...nodeFlags, spec.entry, ...args]]
      : [spec.command, args];
  const child: ChildProcess = spawn(command, all, {
    cwd: spec.cwd ?? process.cwd(),
    env: { ...process.env, ...spec.env },
    stdio: ['ignore', out, out],
    // Ctrl-C in a terminal reaches the supervisor alone, which then stops the rest in order.
    detached: true,
  });
  closeSync(out);
  const exit = new Promise<number | NodeJS.Signals>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? code ?? 1));
    child.once('error', () => resolve(1));
  });
  const hasExited = () => child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
  return {
    name: spec.name,
    pid: child.pid ?? -1,
    get exited() {
      return hasExited();
    },
    logFile: spec.logFile,
    exit,
    async ready() {
      const deadline = Date.now() + (spec.readyTimeoutMs ?? 60_000);
      for (;;) {
        if (hasExited()) throw new Error(`${spec.name} ended before it was ready.\n${tailOf(spec.logFile)}`);
        if (await isReady(spec)) return;
        if (Date.now() > deadline)
          throw new Error(
            `${spec.name} is not ready (${spec.readyUrl ?? 'its probe'}).\n${tailOf(spec.logFile)}`,
          );
        await delay(50);
      }
    },
    signal(signal) {
      if (!hasExited()) child.kill(signal);
    },
    async stop(timeoutMs = 20_000) {
      if (hasExited()) return;
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
      await exit;
      clearTimeout(timer);
    },
    async kill() {
      if (hasExited()) return;
      child.kill('SIGKILL');
      await exit;
    },
  };
}

// Type stripping is stable in Node 24, yet prints a warning in 22.
const nodeFlags = ['--disable-warning=ExperimentalWarning'];

async function isReady({ readyUrl, probe }: ProcessSpec): Promise<boolean> {
  if (probe !== undefined) return probe().catch(() => false);
  return readyUrl === undefined || answers(readyUrl);
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

/** The last lines of a log: what a person needs when a process did not start. */
export function tailOf(file: string, lines = 15): string {
  try {
    const text = readFileSync(file, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
    return `--- end of ${file}\n${text}`;
  } catch {
    return `(no log at ${file})`;
  }
}
