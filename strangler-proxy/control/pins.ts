import type { Queryable } from '#kernel/db/pool.ts';
import type { Marks } from './marks.ts';
import { pinsChannel } from './queries.ts';

interface Shared {
  proxy: string;
  mark: number;
  groups: readonly string[];
  clients: readonly string[];
}

/** A notification's payload holds 8,000 bytes. */
const maxClients = 200;

/**
 * Tells the other proxies which clients wrote, for clients that keep no cookies: their next read may arrive elsewhere. Writes
 * that are answered in the same turn share one notification; each answer waits for its own, for a bounded time.
 */
export class Pins {
  readonly #db: Queryable;
  readonly #id: string;
  readonly #marks: Marks;
  #open: { shared: Shared & { clients: string[] }; sent: Promise<void> } | undefined;

  constructor(db: Queryable, id: string, marks: Marks) {
    this.#db = db;
    this.#id = id;
    this.#marks = marks;
  }

  /** Resolves once the others have been told, or could not be. */
  share(client: string, groups: readonly string[], mark: number): Promise<void> {
    const open = this.#open;
    if (
      open?.shared.mark === mark &&
      open.shared.clients.length < maxClients &&
      open.shared.groups.join() === groups.join()
    ) {
      open.shared.clients.push(client);
      return open.sent;
    }
    const shared = { proxy: this.#id, mark, groups, clients: [client] };
    const sent = this.#send(shared);
    this.#open = { shared, sent };
    return sent;
  }

  receive(payload: string): void {
    let shared: unknown;
    try {
      shared = JSON.parse(payload);
    } catch {
      return;
    }
    if (!isShared(shared) || shared.proxy === this.#id) return;
    for (const client of shared.clients) this.#marks.pin(client, shared.groups, shared.mark, shared.proxy);
  }

  async #send(shared: Shared): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve));
    if (this.#open?.shared === shared) this.#open = undefined;
    await this.#db
      .query('select pg_notify($1, $2)', [pinsChannel, JSON.stringify(shared)])
      .catch(() => undefined);
  }
}

function isShared(value: unknown): value is Shared {
  return (
    typeof value === 'object' &&
    value !== null &&
    'proxy' in value &&
    typeof value.proxy === 'string' &&
    'mark' in value &&
    typeof value.mark === 'number' &&
    'groups' in value &&
    Array.isArray(value.groups) &&
    'clients' in value &&
    Array.isArray(value.clients)
  );
}
