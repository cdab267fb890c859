import { setTimeout as delay } from 'node:timers/promises';
import { describeError, MatapaloError } from '#kernel/errors.ts';
import type { Log } from '#kernel/log.ts';
import type { ConnectorStatus, ConnectRest } from './rest.ts';

/** How a connector stands, for people and metrics. `missing`: not declared yet; `unreachable`: Connect does not answer. */
export const keptStates = [
  'running',
  'starting',
  'failed',
  'paused',
  'stopped',
  'refused',
  'missing',
  'unreachable',
] as const;
export type KeptState = (typeof keptStates)[number];

export interface KeeperOptions {
  rest: ConnectRest;
  name: string;
  config: Readonly<Record<string, string>>;
  log: Log;
  /** Called when the state or its reason has changed. */
  onState?: (state: KeptState, reason: string | undefined) => void;
  everyMs?: number;
}

/** Before 3.7 Debezium left out rows of a COPY after a restart: those that share an LSN with the last one it had written. */
const oldest = { major: 3, minor: 7 };

/** What is said of a plugin that is too old, for those who have to know it from other reasons. */
export const tooOld = /is too old: it loses/;

const backoffMs = { first: 500, last: 30_000 };

/**
 * Keeps one connector as it is declared: there, with exactly these settings, running. What failed is started again, sooner at
 * first, then every half minute; a source that was away for a while needs nobody. Only the worker that leads a group keeps its
 * connectors.
 */
export class ConnectorKeeper {
  readonly #options: KeeperOptions;
  readonly #stopped = new AbortController();
  #looking: Promise<void> | undefined;
  #state: KeptState = 'missing';
  #reason: string | undefined;
  #waitMs = backoffMs.first;
  #nextTryAt = 0;
  #versionIsFine = false;

  constructor(options: KeeperOptions) {
    this.#options = options;
  }

  get state(): KeptState {
    return this.#state;
  }

  /** Of a state that is not as it should be: the first line of what Connect says. */
  get reason(): string | undefined {
    return this.#reason;
  }

  start(): void {
    this.#looking ??= this.#look();
  }

  /** Stops looking; the connector goes on. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#looking;
  }

  /** Resolves when the connector runs. Throws `unavailable` with the last reason when it does not within the time. */
  async running(timeoutMs: number, signal?: AbortSignal): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    while (this.#state !== 'running') {
      signal?.throwIfAborted();
      if (Date.now() > deadline) {
        const { name } = this.#options;
        throw new MatapaloError(
          'unavailable',
          `The connector ${name} is ${this.#state}${this.#reason === undefined ? '' : `: ${this.#reason}`}.`,
          { hint: 'It is tried again. Look at the log of Kafka Connect where this stays.' },
        );
      }
      await delay(50, undefined, signal ? { signal } : {});
    }
  }

  async #look(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      try {
        await this.#once();
      } catch (error) {
        this.#heard(error);
      }
      await delay(this.#options.everyMs ?? 500, undefined, { signal }).catch(() => undefined);
    }
  }

  #heard(error: unknown): void {
    const code = error instanceof MatapaloError ? error.code : undefined;
    const status = error instanceof MatapaloError ? error.extra['status'] : undefined;
    const reason = describeError(error);
    if (code === 'unreachable') this.#set('unreachable', reason);
    // 409 while Connect's workers agree on who runs what.
    else if (code === 'unavailable' && status !== 500)
      this.#set(this.#state === 'missing' ? 'missing' : 'starting', reason);
    else this.#failed('refused', reason);
  }

  async #once(): Promise<void> {
    const { rest, name, config, log } = this.#options;
    await this.#checkVersion();
    const stored = await rest.config(name);
    if (stored === undefined || differs(stored, name, config)) {
      if (!this.#isDue()) return;
      await this.#declare();
      log.info({ connector: name, changed: stored !== undefined }, 'the connector has been declared');
      this.#set('starting', undefined);
      return;
    }
    const status = await rest.status(name);
    if (status === undefined) return this.#set('starting', undefined);
    if (status.state === 'PAUSED' || status.state === 'STOPPED') {
      this.#set(status.state === 'PAUSED' ? 'paused' : 'stopped', undefined);
      await rest.resume(name);
      log.info({ connector: name }, 'the connector has been resumed');
      return;
    }
    const failure = failureOf(status);
    if (failure !== undefined) {
      if (!this.#isDue()) return;
      this.#failed('failed', failure);
      await rest.restartFailed(name);
      return;
    }
    const runs = status.state === 'RUNNING' && status.tasks.some(({ state }) => state === 'RUNNING');
    this.#set(runs ? 'running' : 'starting', undefined);
    // Tried again soon only after it has stood for a while: a task often runs for a moment before it fails.
    if (runs && Date.now() > this.#nextTryAt + this.#waitMs) this.#waitMs = backoffMs.first;
  }

  async #checkVersion(): Promise<void> {
    if (this.#versionIsFine) return;
    const { rest, config } = this.#options;
    const version = await rest.pluginVersion(config['connector.class'] ?? '');
    // A plugin that is not there is refused by Connect itself, with the names of those that are.
    const [major = 0, minor = 0] = (version ?? '').split('.').map(Number);
    if (version !== undefined && (major < oldest.major || (major === oldest.major && minor < oldest.minor))) {
      throw new MatapaloError(
        'conflict',
        `Debezium ${version} is too old: it loses rows of a COPY when it is restarted in the middle of one. ` +
          `Install ${oldest.major}.${oldest.minor} or later where Kafka Connect finds its plugins.`,
      );
    }
    this.#versionIsFine = true;
  }

  /** Kafka Connect 4.3 answers 500 without a reason where the plugin refuses a setting; the plugin itself says why. */
  async #declare(): Promise<void> {
    const { rest, name, config } = this.#options;
    try {
      await rest.putConfig(name, config);
    } catch (error) {
      if (!(error instanceof MatapaloError) || error.extra['status'] !== 500) throw error;
      const problems = await rest.problems(config).catch(() => []);
      if (problems.length === 0) throw error;
      throw new MatapaloError('conflict', problems.join('; '), { cause: error });
    }
  }

  #isDue(): boolean {
    return Date.now() >= this.#nextTryAt;
  }

  #failed(state: KeptState, reason: string): void {
    this.#options.log.warn(
      { connector: this.#options.name, reason, againInMs: this.#waitMs },
      state === 'failed'
        ? 'the connector has failed; starting it again'
        : 'Kafka Connect refuses the connector',
    );
    this.#nextTryAt = Date.now() + this.#waitMs;
    this.#waitMs = Math.min(backoffMs.last, this.#waitMs * 2);
    this.#set(state, reason);
  }

  #set(state: KeptState, reason: string | undefined): void {
    if (state === this.#state && reason === this.#reason) return;
    this.#state = state;
    this.#reason = reason;
    this.#options.onState?.(state, reason);
  }
}

/** Connect adds the name to what it stores. */
function differs(
  stored: Readonly<Record<string, string>>,
  name: string,
  config: Readonly<Record<string, string>>,
): boolean {
  const declared: Readonly<Record<string, string>> = { ...config, name };
  const keys = new Set([...Object.keys(stored), ...Object.keys(declared)]);
  return [...keys].some((key) => stored[key] !== declared[key]);
}

/** The failure's first line, and that of its innermost cause. */
function failureOf({ state, trace, tasks }: ConnectorStatus): string | undefined {
  const task = tasks.find((one) => one.state === 'FAILED');
  if (state !== 'FAILED' && task === undefined) return undefined;
  const lines = (task?.trace ?? trace ?? 'no reason given').split('\n');
  const cause = lines.findLast((line) => line.startsWith('Caused by: '));
  return [lines[0], cause].filter((line) => line !== undefined).join('; ');
}
