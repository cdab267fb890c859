import { Client, type Dispatcher } from 'undici';

type Handler = Dispatcher.DispatchHandler;
type Controller = Dispatcher.DispatchController;

interface Waiting {
  options: Dispatcher.DispatchOptions;
  handler: Handler;
}

/**
 * Kept connections to one origin, one request at a time on each: answers of one client never wait behind another's. The
 * connection that became free last is taken first, so that a quiet hour closes the others. undici's own Pool does the same, but
 * looks through all its connections with each request and again with each answer.
 */
export class Connections {
  readonly #origin: string;
  readonly #options: Client.Options;
  readonly #max: number;
  readonly #all: Client[] = [];
  readonly #idle: Client[] = [];
  readonly #waiting: Waiting[] = [];
  #closed = false;

  /** `max` connections; requests beyond it wait for one in order of arrival. */
  constructor(origin: string, max: number, options: Client.Options) {
    this.#origin = origin;
    this.#max = max;
    this.#options = options;
  }

  /** Open and without a request. */
  get idle(): number {
    return this.#idle.filter((client) => client.stats.connected).length;
  }

  get busy(): number {
    return this.#all.length - this.#idle.length;
  }

  get queued(): number {
    return this.#waiting.length;
  }

  dispatch(options: Dispatcher.DispatchOptions, handler: Handler): void {
    if (this.#closed) {
      handler.onResponseError?.(noController, stopping());
      return;
    }
    const client = this.#idle.pop() ?? this.#open();
    if (client === undefined) this.#waiting.push({ options, handler });
    else client.dispatch(options, new Loan(this, client, handler));
  }

  /** Its request has ended, well or not. */
  giveBack(client: Client): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#idle.push(client);
    else client.dispatch(next.options, new Loan(this, client, next.handler));
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const { handler } of this.#waiting.splice(0)) handler.onResponseError?.(noController, stopping());
    await Promise.all(this.#all.map((client) => client.destroy(stopping())));
  }

  #open(): Client | undefined {
    if (this.#all.length >= this.#max) return undefined;
    const client = new Client(this.#origin, this.#options);
    this.#all.push(client);
    return client;
  }
}

const stopping = () => new Error('The proxy is stopping.');

/** As undici itself does where a request failed before it had a connection. */
const noController = null as unknown as Controller;

/** A handler that gives its connection back when its request has ended. */
class Loan implements Handler {
  readonly #connections: Connections;
  readonly #client: Client;
  readonly #handler: Handler;

  constructor(connections: Connections, client: Client, handler: Handler) {
    this.#connections = connections;
    this.#client = client;
    this.#handler = handler;
  }

  onRequestStart(controller: Controller, context: unknown): void {
    this.#handler.onRequestStart?.(controller, context);
  }

  onBodySent(chunk: Buffer): void {
    (this.#handler as { onBodySent?: (chunk: Buffer) => void }).onBodySent?.(chunk);
  }

  onResponseStart(...args: Parameters<NonNullable<Handler['onResponseStart']>>): void {
    this.#handler.onResponseStart?.(...args);
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    this.#handler.onResponseData?.(controller, chunk);
  }

  onResponseEnd(...args: Parameters<NonNullable<Handler['onResponseEnd']>>): void {
    this.#handler.onResponseEnd?.(...args);
    this.#connections.giveBack(this.#client);
  }

  onResponseError(controller: Controller, error: Error): void {
    // Not at once: undici is in the middle of failing all that it had, and would take a new request for one of these.
    queueMicrotask(() => this.#connections.giveBack(this.#client));
    this.#handler.onResponseError?.(controller, error);
  }
}
