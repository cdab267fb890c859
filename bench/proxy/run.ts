import { execFile, fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** A server in a process of its own. */
export interface Peer {
  name: string;
  url: string;
  usage(): Promise<{ cpuMicros: number; rssBytes: number }>;
  stop(): void;
}

export interface Run {
  peer: string;
  round: number;
  requestsPerSecond: number;
  requests: number;
  p50Ms: number;
  p99Ms: number;
  failed: number;
  /** Processor time of the peer's own process for one request; absent where it is not ours to ask. */
  cpuMicrosPerRequest?: number;
  rssMiB?: number;
}

const pathOf = (file: string) => fileURLToPath(new URL(file, import.meta.url));

export async function startPeer(name: string, file: string, args: readonly string[]): Promise<Peer> {
  const child: ChildProcess = fork(pathOf(file), args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const next = <T>() =>
    new Promise<T>((resolve, reject) => {
      const onExit = (code: number | null) => reject(new Error(`${name} ended with ${code}.`));
      child.once('exit', onExit);
      child.once('message', (message) => {
        child.off('exit', onExit);
        resolve(message as T);
      });
    });
  const { url } = await next<{ url: string }>();
  return {
    name,
    url,
    usage() {
      const answer = next<{ cpuMicros: number; rssBytes: number }>();
      child.send('usage');
      return answer;
    },
    stop: () => child.disconnect(),
  };
}

const run = promisify(execFile);

export async function measure(peer: Peer, round: number, seconds: number, connections: number): Promise<Run> {
  const before = await peer.usage();
  const { stdout } = await run(process.execPath, [
    pathOf('./load.ts'),
    peer.url,
    String(seconds),
    String(connections),
  ]);
  const after = await peer.usage();
  const result = JSON.parse(stdout) as Omit<Run, 'peer' | 'round'>;
  return {
    peer: peer.name,
    round,
    ...result,
    ...(after.cpuMicros > before.cpuMicros
      ? {
          cpuMicrosPerRequest: (after.cpuMicros - before.cpuMicros) / Math.max(1, result.requests),
          rssMiB: after.rssBytes / 1024 / 1024,
        }
      : {}),
  };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}
