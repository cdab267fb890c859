import type { Dispatcher } from 'undici';
import type { ProxyConfig } from '#plan/config.ts';
import { Connections } from './connections.ts';
import { UpstreamHealth } from './health.ts';

/** One server behind, with its connections. */
export interface Upstream {
  readonly name: string;
  readonly url: URL;
  /** Prefix of the base URL's path, without a trailing slash. */
  readonly prefix: string;
  readonly health: UpstreamHealth;
  readonly connections: Pick<Connections, 'idle' | 'busy' | 'queued'>;
  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void;
  close(): Promise<void>;
}

export function createUpstream(name: string, url: string, config: ProxyConfig = {}): Upstream {
  const base = new URL(url);
  const connections = new Connections(base.origin, config.connections ?? 128, {
    pipelining: 1,
    headersTimeout: config.headersTimeoutMs ?? 30_000,
    bodyTimeout: config.bodyTimeoutMs ?? 60_000,
    connect: { timeout: config.connectTimeoutMs ?? 5_000 },
    allowH2: false,
    // An upstream that hints no keep-alive time may close at 5 s (Node's default); we leave before.
    keepAliveTimeout: 4_000,
    keepAliveMaxTimeout: 60_000,
    maxHeaderSize: 65_536,
  });
  return {
    name,
    url: base,
    prefix: base.pathname.replace(/\/$/, ''),
    health: new UpstreamHealth(),
    connections,
    dispatch: (options, handler) => connections.dispatch(options, handler),
    close: () => connections.close(),
  };
}

/** Retries of reads whose connection failed: at most one in ten, so that an outage is not multiplied. */
export class RetryBudget {
  #tokens = 10;

  onRequest(): void {
    if (this.#tokens < 10) this.#tokens += 0.1;
  }

  take(): boolean {
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
