import type { Dispatcher } from 'undici';
import type { Connections } from './connections.ts';

/** One of the servers that an upstream consists of. */
export interface Instance {
  readonly url: URL;
  /** Prefix of its base URL's path, without a trailing slash. */
  readonly prefix: string;
  readonly connections: Connections;
  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void;
}

export interface InstancesOptions {
  instances: readonly Instance[];
  /** Path that answers anything below 500 when an instance can be used again. */
  readyPath: string;
  /** An instance was taken out, or is back. */
  onChange?: (instance: Instance, isOut: boolean) => void;
  /** Wait before the first probe; doubled with each that fails, to at most 30 times as much. Default 1,000. */
  probeAfterMs?: number;
}

interface State {
  failuresInRow: number;
  successesInRow: number;
  isOut: boolean;
  /** How often it was taken out lately: each time it has to wait longer. */
  strikes: number;
  timer: NodeJS.Timeout | undefined;
}

/** So many failures in a row take an instance out; a refused connection does at once, for nothing can have been a request's fault. */
const failuresToEject = 3;
const successesToForget = 20;
const maxStrikes = 5;

/**
 * Takes turns among the instances that answer. One that fails is taken out, asked again by probes of ours and not by clients'
 * requests, and returned. Where all have failed, all are used: a guess of ours must not be what ends a service.
 */
export class Instances {
  readonly #options: InstancesOptions;
  readonly #states: Map<Instance, State>;
  readonly #only: Instance | undefined;
  #next = 0;
  #closed = false;

  constructor(options: InstancesOptions) {
    this.#options = options;
    this.#only = options.instances.length === 1 ? options.instances[0] : undefined;
    this.#states = new Map(
      options.instances.map((instance) => [
        instance,
        { failuresInRow: 0, successesInRow: 0, isOut: false, strikes: 0, timer: undefined },
      ]),
    );
  }

  get all(): readonly Instance[] {
    return this.#options.instances;
  }

  isOut(instance: Instance): boolean {
    return this.#states.get(instance)?.isOut === true;
  }

  /** True where a failed read could be answered by somebody else. */
  hasOther(than: Instance): boolean {
    return (
      this.#only === undefined && this.all.some((instance) => instance !== than && !this.isOut(instance))
    );
  }

  /** The next in turn, not `except` where there is a choice. */
  pick(except?: Instance): Instance {
    if (this.#only !== undefined) return this.#only;
    const { instances } = this.#options;
    let fallback: Instance | undefined;
    for (let i = 0; i < instances.length; i++) {
      const instance = instances[this.#next++ % instances.length];
      if (instance === undefined || instance === except) continue;
      if (!this.isOut(instance)) return instance;
      fallback ??= instance;
    }
    const chosen = fallback ?? except;
    if (chosen === undefined) throw new Error('An upstream has no instance.');
    return chosen;
  }

  succeeded(instance: Instance): void {
    const state = this.#only === undefined ? this.#states.get(instance) : undefined;
    if (state === undefined) return;
    state.failuresInRow = 0;
    if (++state.successesInRow >= successesToForget) state.strikes = 0;
  }

  /** `certain`: it could not be reached at all. */
  failed(instance: Instance, certain: boolean): void {
    const state = this.#only === undefined ? this.#states.get(instance) : undefined;
    if (state === undefined || state.isOut) return;
    state.successesInRow = 0;
    if (++state.failuresInRow < failuresToEject && !certain) return;
    state.isOut = true;
    this.#options.onChange?.(instance, true);
    this.#probeLater(instance, state);
  }

  close(): void {
    this.#closed = true;
    for (const state of this.#states.values()) clearTimeout(state.timer);
  }

  #probeLater(instance: Instance, state: State): void {
    if (this.#closed) return;
    const waitMs = (this.#options.probeAfterMs ?? 1_000) * Math.min(30, 2 ** state.strikes);
    state.strikes = Math.min(maxStrikes, state.strikes + 1);
    state.timer = setTimeout(() => this.#probe(instance, state), waitMs);
    state.timer.unref();
  }

  #probe(instance: Instance, state: State): void {
    let status = 0;
    instance.dispatch(
      {
        path: instance.prefix + this.#options.readyPath,
        method: 'GET',
        headers: ['host', instance.url.host],
        headersTimeout: 3_000,
        bodyTimeout: 3_000,
      },
      {
        onRequestStart: () => undefined,
        onResponseStart: (_controller, answered) => void (status = answered),
        onResponseData: () => undefined,
        onResponseEnd: () => {
          if (status >= 500) this.#probeLater(instance, state);
          else this.#return(instance, state);
        },
        onResponseError: () => this.#probeLater(instance, state),
      },
    );
  }

  #return(instance: Instance, state: State): void {
    state.isOut = false;
    state.failuresInRow = 0;
    this.#options.onChange?.(instance, false);
  }
}
