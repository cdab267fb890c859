import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Makes the folder and those above it. Throws in one sentence where that cannot be. */
export function makeDataDir(dataDir: string): void {
  if (existsSync(dataDir)) return;
  // One by one: where the system answers ENOENT for a name that may not be made (/proc), Node's `recursive` tries for ever.
  makeDataDir(dirname(dataDir));
  try {
    mkdirSync(dataDir);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    throw new Error(`The folder ${dataDir} cannot be made (${code}). Choose another with --data-dir.`, {
      cause: error,
    });
  }
}

/** One supervisor a data directory. Throws with the other's process id while it lives; a dead one's lock is taken over. */
export function lockDataDir(dataDir: string): () => void {
  const file = join(dataDir, 'supervisor.pid');
  if (existsSync(file)) {
    const pid = Number(readFileSync(file, 'utf8'));
    if (isSupervisor(pid)) {
      throw new Error(
        `${dataDir} is in use by process ${pid}. Stop that one (Ctrl-C there), or choose another with --data-dir.`,
      );
    }
  }
  writeFileSync(file, String(process.pid));
  return () => rmSync(file, { force: true });
}

function isSupervisor(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // Another user's process may not be signalled, yet it lives.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  // A number that was given to another program since is no supervisor; without /proc, believe it is one.
  const cmdline = `/proc/${pid}/cmdline`;
  return !existsSync(cmdline) || readFileSync(cmdline, 'utf8').includes('stack/');
}

interface Leftover {
  pid: number;
  entry: string;
}

/** Remembers the children of this supervisor, so that the next one can end those that a killed supervisor left. */
export class ChildRegister {
  readonly #file: string;
  readonly #children = new Map<number, string>();

  constructor(dataDir: string) {
    this.#file = join(dataDir, 'children.json');
  }

  /** Ends what a killed supervisor left running: only processes that still run the recorded entry. */
  endLeftovers(): string[] {
    if (!existsSync(this.#file)) return [];
    const ended: string[] = [];
    for (const { pid, entry } of JSON.parse(readFileSync(this.#file, 'utf8')) as Leftover[]) {
      if (!runs(pid, entry)) continue;
      process.kill(pid, 'SIGKILL');
      // Its ports are free only when it has gone.
      awaitEnd(pid, entry, 5_000);
      ended.push(`${entry} (${pid})`);
    }
    rmSync(this.#file, { force: true });
    return ended;
  }

  add(pid: number, entry: string): void {
    this.#children.set(pid, entry);
    this.#write();
  }

  clear(): void {
    rmSync(this.#file, { force: true });
  }

  #write(): void {
    const children = [...this.#children].map(([pid, entry]) => ({ pid, entry }));
    writeFileSync(this.#file, JSON.stringify(children));
  }
}

/**
 * Ends the database servers that a killed supervisor left on this data directory, by a shutdown that loses nothing. Before a
 * fresh start too: their files would be taken away under them.
 */
export function endLeftoverServers(dataDir: string): string[] {
  const ended: string[] = [];
  for (const file of globSync(join(dataDir, 'postgres', '*', 'data', 'postmaster.pid'))) {
    const pid = Number(readFileSync(file, 'utf8').split('\n')[0]);
    const data = dirname(file);
    if (!Number.isInteger(pid) || pid <= 0 || !runs(pid, data)) continue;
    process.kill(pid, 'SIGINT');
    awaitEnd(pid, data, 30_000);
    ended.push(`PostgreSQL (${pid})`);
  }
  return ended;
}

/** Whether the process lives and is the one meant: numbers are given out again. False where there is no /proc. */
function runs(pid: number, argument: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(argument);
  } catch {
    return false;
  }
}

/** A process whose parent was killed is nobody's child: there is no event to wait for. */
function awaitEnd(pid: number, argument: string, timeoutMs: number): void {
  const deadline = Date.now() + timeoutMs;
  while (runs(pid, argument)) {
    if (Date.now() > deadline)
      throw new Error(
        `Process ${pid} (${argument}), left by an earlier start, does not end. End it by hand.`,
      );
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
  }
}
