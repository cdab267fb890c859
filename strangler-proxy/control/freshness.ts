import type { Arrival } from '../arrival.ts';
import type { RouteTable } from '../route-table/table.ts';
import type { ControlLink } from './link.ts';

/** A request waits this long for the control database to confirm the table. */
const confirmMs = 300;
/** After a failure requests go on with the last table for this long, without waiting each. */
const pauseMs = 1_000;

/**
 * Whether the table may be relied on for a request. It may not when the lease has run out (this process was stopped, or the control
 * database is away), or when the caller has seen a newer epoch of the group than we have.
 */
export class Freshness {
  readonly #link: ControlLink;
  #pausedUntil = -Infinity;
  #askedForEpochAt = -Infinity;

  constructor(link: ControlLink) {
    this.#link = link;
  }

  isDoubtful(arrival: Arrival, table: RouteTable): boolean {
    return this.#link.lease.hasExpired() || isBehind(arrival, table);
  }

  /** False: not even asking could settle it, and a wrong side could answer; say 503. */
  async confirm(arrival: Arrival): Promise<boolean> {
    const { lease } = this.#link;
    const now = lease.now();
    if (lease.hasExpired() && now >= this.#pausedUntil) {
      if (!(await this.#refreshed())) this.#pausedUntil = lease.now() + pauseMs;
    }
    const table = this.#link.table;
    if (table === undefined) return false;
    if (isBehind(arrival, table)) {
      // An epoch that nobody published must not make us ask with each request.
      if (now - this.#askedForEpochAt < 100) return false;
      this.#askedForEpochAt = now;
      await this.#refreshed();
      return this.#link.table !== undefined && !isBehind(arrival, this.#link.table);
    }
    if (!lease.hasExpired() || arrival.route === undefined) return true;
    return (table.groups.get(arrival.route.group)?.heldBy.length ?? 0) === 0;
  }

  async #refreshed(): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), confirmMs);
    });
    const fresh = await Promise.race([this.#link.refresh(), late]);
    clearTimeout(timer);
    return fresh;
  }
}

function isBehind(arrival: Arrival, table: RouteTable): boolean {
  if (arrival.request.headers['matapalo-epoch'] === undefined || arrival.route === undefined) return false;
  const seen = arrival.seenEpoch();
  const entry = table.groups.get(arrival.route.group);
  return seen !== undefined && entry !== undefined && seen > entry.epoch;
}
