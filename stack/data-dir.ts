import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

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
  } catch {
    return false;
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
      const cmdline = `/proc/${pid}/cmdline`;
      if (!existsSync(cmdline) || !readFileSync(cmdline, 'utf8').includes(entry)) continue;
      process.kill(pid, 'SIGKILL');
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
