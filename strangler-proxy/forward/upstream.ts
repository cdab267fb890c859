import type { Dispatcher } from 'undici';
import type { ProxyConfig, SideConfig } from '#plan/config.ts';
import { Connections } from './connections.ts';
import { UpstreamHealth } from './health.ts';
import { Instances, type Instance, type InstancesOptions } from './instances.ts';

/** The servers behind that answer for one side, with their connections. */
export interface Upstream {
  readonly name: string;
  readonly instances: Instances;
  readonly health: UpstreamHealth;
  /** Sends to whichever instance is next; `path` is without an instance's prefix. */
  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void;
  close(): Promise<void>;
}

export function createUpstream(
  name: string,
  side: Pick<SideConfig, 'url' | 'instances' | 'readyUrl'>,
  config: ProxyConfig = {},
  more: Pick<InstancesOptions, 'onChange' | 'probeAfterMs'> = {},
): Upstream {
  const all = (side.instances ?? [side.url]).map((url) => createInstance(url, config));
  const instances = new Instances({
    instances: all,
    readyPath: side.readyUrl === undefined ? '/readyz' : new URL(side.readyUrl).pathname,
    ...more,
  });
  return {
    name,
    instances,
    health: new UpstreamHealth(),
    dispatch(options, handler) {
      const instance = instances.pick();
      instance.dispatch({ ...options, path: instance.prefix + options.path }, handler);
    },
    async close() {
      instances.close();
      await Promise.all(all.map((instance) => instance.connections.close()));
    },
  };
}

function createInstance(url: string, config: ProxyConfig): Instance {
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
    url: base,
    prefix: base.pathname.replace(/\/$/, ''),
    connections,
    dispatch: (options, handler) => connections.dispatch(options, handler),
  };
}

/** Retries of reads that failed: at most one in ten, so that an outage is not multiplied. */
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
