import { readFileSync } from 'node:fs';
import { Agent, fetch } from 'undici';
import { describeError, errorCodeOf, MatapaloError } from '#kernel/errors.ts';
import type { ConnectConfig } from '#plan/debezium-config.ts';

/** State of a connector or of one of its tasks, as Connect says it. */
export type ConnectorState =
  'UNASSIGNED' | 'RUNNING' | 'PAUSED' | 'STOPPED' | 'FAILED' | 'RESTARTING' | 'DESTROYED';

export interface ConnectorStatus {
  state: ConnectorState;
  /** The end of the stack trace is left out. */
  trace: string | undefined;
  tasks: readonly { id: number; state: ConnectorState; trace: string | undefined }[];
}

const timeoutMs = 10_000;

/**
 * Kafka Connect's REST interface, as far as connectors need it. Throws `unreachable` where it does not answer, `unavailable`
 * while it rebalances (409) or has an error of its own, `conflict` for what it refuses.
 */
export class ConnectRest {
  readonly url: string;
  readonly #headers: Record<string, string>;
  readonly #agent: Agent;

  constructor({ url, username, password, caFile }: ConnectConfig) {
    this.url = url.replace(/\/$/, '');
    this.#headers =
      username === undefined
        ? {}
        : { authorization: `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}` };
    this.#agent = new Agent(caFile === undefined ? {} : { connect: { ca: readFileSync(caFile, 'utf8') } });
  }

  /** Whether the worker has joined its group and can change connectors. */
  async healthy(): Promise<boolean> {
    return (await this.#send('GET', '/health')).ok;
  }

  /** Creates the connector, or changes its settings. */
  async putConfig(name: string, config: Readonly<Record<string, string>>): Promise<void> {
    await this.#expect('PUT', `/connectors/${name}/config`, config);
  }

  /** Settings as stored (references to secrets are not resolved); undefined where there is no such connector. */
  async config(name: string): Promise<Record<string, string> | undefined> {
    return (await this.#find(`/connectors/${name}/config`)) as Record<string, string> | undefined;
  }

  /** What the plugin has against these settings, such as a database that does not let it in; empty where nothing is. */
  async problems(config: Readonly<Record<string, string>>): Promise<string[]> {
    const plugin = (config['connector.class'] ?? '').split('.').at(-1);
    const path = `/connector-plugins/${plugin}/config/validate`;
    const { configs } = (await this.#expect('PUT', path, config)) as ValidateBody;
    return configs.flatMap(({ value }) => (value?.errors ?? []).map((error) => `${value?.name}: ${error}`));
  }

  async status(name: string): Promise<ConnectorStatus | undefined> {
    const found = (await this.#find(`/connectors/${name}/status`)) as StatusBody | undefined;
    if (found === undefined) return undefined;
    const { connector, tasks } = found;
    return {
      state: connector.state,
      trace: connector.trace,
      tasks: tasks.map(({ id, state, trace }) => ({ id, state, trace })),
    };
  }

  /** Starts the connector again, and its tasks, where they have failed. */
  async restartFailed(name: string): Promise<void> {
    await this.#expect('POST', `/connectors/${name}/restart?includeTasks=true&onlyFailed=true`);
  }

  /** Keeps the task, and with it the slot's session. */
  async pause(name: string): Promise<void> {
    await this.#expect('PUT', `/connectors/${name}/pause`);
  }

  /** Ends the tasks: the slot is free. */
  async stop(name: string): Promise<void> {
    await this.#expect('PUT', `/connectors/${name}/stop`);
  }

  async resume(name: string): Promise<void> {
    await this.#expect('PUT', `/connectors/${name}/resume`);
  }

  /** Forgets how far a stopped connector has read. What is not there is no error. */
  async forgetOffsets(name: string): Promise<void> {
    await this.#expect('DELETE', `/connectors/${name}/offsets`, undefined, [404]);
  }

  /** What is not there is no error. */
  async remove(name: string): Promise<void> {
    await this.#expect('DELETE', `/connectors/${name}`, undefined, [404]);
  }

  /** Version of the connector plugin that the asked worker has, such as `3.7.0.Final`; undefined where it has none. */
  async pluginVersion(connectorClass: string): Promise<string | undefined> {
    const plugins = (await this.#expect('GET', '/connector-plugins')) as {
      class: string;
      version?: string;
    }[];
    return plugins.find((plugin) => plugin.class === connectorClass)?.version;
  }

  async names(): Promise<string[]> {
    return (await this.#expect('GET', '/connectors')) as string[];
  }

  async close(): Promise<void> {
    await this.#agent.close();
  }

  async #find(path: string): Promise<unknown> {
    return this.#expect('GET', path, undefined, [404]);
  }

  async #expect(method: string, path: string, body?: unknown, fine: number[] = []): Promise<unknown> {
    const { ok, status, text } = await this.#send(method, path, body);
    if (ok) return text === '' ? undefined : JSON.parse(text);
    if (fine.includes(status)) return undefined;
    const message = `Kafka Connect answered ${status} to ${method} ${path}: ${reasonOf(text)}`;
    if (status === 401 || status === 403)
      throw new MatapaloError('unauthorized', message, {
        hint: 'Check `debezium.connect.username` and `password` of the configuration.',
      });
    // 409 while its workers agree on who runs what: it passes. 500 may, such as when a request took too long.
    if (status === 409 || status === 404 || status >= 500)
      throw new MatapaloError('unavailable', message, { extra: { status } });
    throw new MatapaloError('conflict', message, {
      hint: 'Look at the worker of Kafka Connect: plugin, versions and settings.',
    });
  }

  async #send(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ ok: boolean; status: number; text: string }> {
    try {
      const response = await fetch(`${this.url}${path}`, {
        method,
        headers: { ...this.#headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        dispatcher: this.#agent,
        signal: AbortSignal.timeout(timeoutMs),
      });
      return { ok: response.ok, status: response.status, text: await response.text() };
    } catch (cause) {
      const reason = errorCodeOf(cause instanceof Error ? cause.cause : cause) ?? describeError(cause);
      throw new MatapaloError('unreachable', `Kafka Connect at ${this.url} does not answer (${reason}).`, {
        hint: 'Start it, or correct `debezium.connect.url` of the configuration.',
        cause,
      });
    }
  }
}

interface ValidateBody {
  configs: { value: { name: string; errors: string[] } | null }[];
}

interface StatusBody {
  connector: { state: ConnectorState; trace?: string };
  tasks: { id: number; state: ConnectorState; trace?: string }[];
}

function reasonOf(text: string): string {
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    if (typeof message === 'string') return message;
  } catch {
    // Not every answer comes from Connect itself: a proxy's is shown as it is.
  }
  return text.slice(0, 200);
}
