import type pg from 'pg';
import { createPool, type Queryable } from '#kernel/db/pool.ts';
import { listenTo, type Listener } from '#kernel/db/listen.ts';
import { describeError } from '#kernel/errors.ts';
import type { Log } from '#kernel/log.ts';
import type { Plan } from '#plan/compile.ts';
import { channels } from '#plan/names.ts';
import { readRoutes } from '#plan/store/groups.ts';
import type { Matcher } from '../route-table/matcher.ts';
import { buildTable, type RouteTable } from '../route-table/table.ts';
import { Lease } from './lease.ts';
import type { Marks } from './marks.ts';
import { Pins } from './pins.ts';
import { deleteReport, forgetDead, pinsChannel, readCovered, timed, writeReport } from './queries.ts';

export interface LinkOptions {
  plan: Plan;
  matcher: Matcher;
  id: string;
  /** Where clients reach this proxy, for the operator's list. */
  url: () => string;
  marks: Marks;
  log: Log;
  onTable: (table: RouteTable) => void;
  held: () => number;
  drained: () => ReadonlySet<string>;
}

const beatMs = 500;
const tickMs = 100;

/**
 * The proxy's side of the control database: follows the route table (notified at once, polled as a net), acknowledges what it
 * adopted, reports drains, flushes marks, keeps the lease. Routing goes on with the last table while the database is away.
 */
export class ControlLink {
  readonly lease = new Lease();
  readonly #options: LinkOptions;
  readonly #pool: pg.Pool;
  readonly #db: Queryable;
  readonly pins: Pins;
  /** Drains of other proxies, `transition proxy`. */
  readonly #othersDrained = new Set<string>();
  #listener: Listener | undefined;
  #timer: NodeJS.Timeout | undefined;
  #table: RouteTable | undefined;
  #proxies = 1;
  #lastReportAt = -Infinity;
  #refreshing: Promise<boolean> | undefined;
  #refreshAgain = false;
  #reporting = false;
  #reportWanted = false;
  #notices: string[] = [];
  #readingCovered = false;
  #isDown = false;
  #closed = false;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#pool = createPool({
      url: options.plan.config.control.url,
      name: 'matapalo proxy',
      max: 4,
      log: options.log,
    });
    this.#db = timed(this.#pool);
    this.pins = new Pins(this.#db, options.id, options.marks);
  }

  /** The control database, each query bounded in time. */
  get db(): Queryable {
    return this.#db;
  }

  /** For its gauges. */
  get pool(): pg.Pool {
    return this.#pool;
  }

  get table(): RouteTable | undefined {
    return this.#table;
  }

  /** True while another proxy beats too. */
  get hasPeers(): boolean {
    return this.#proxies > 1;
  }

  start(): void {
    this.#listener = listenTo(
      this.#options.plan.config.control.url,
      [channels.routes, channels.progress, channels.proxies, pinsChannel],
      (channel, payload) => this.#onNotify(channel, payload),
      this.#options.log,
    );
    this.#timer = setInterval(() => this.#tick(), tickMs);
    void forgetDead(this.#db).catch(() => undefined);
  }

  hasDrained(proxy: string, transition: string): boolean {
    return this.#othersDrained.has(`${transition} ${proxy}`);
  }

  /** Reads the table anew. False when the control database could not be asked. */
  refresh(): Promise<boolean> {
    if (this.#refreshing) {
      this.#refreshAgain = true;
      return this.#refreshing;
    }
    this.#refreshing = this.#refreshUntilCurrent().finally(() => (this.#refreshing = undefined));
    return this.#refreshing;
  }

  /** Reports soon, in one statement with whatever else changes in this turn. `notice` wakes those who wait. */
  report(notice?: string): void {
    if (notice !== undefined) this.#notices.push(notice);
    this.#reportWanted = true;
    if (!this.#reporting) void this.#reportWhileWanted();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    await this.#listener?.close();
    while (this.#reporting) await new Promise((resolve) => setTimeout(resolve, 5));
    await deleteReport(this.#db, this.#options.id).catch(() => undefined);
    await this.#pool.end();
  }

  #onNotify(channel: string | undefined, payload: string): void {
    if (channel === undefined || channel === channels.routes) void this.refresh();
    if (channel === undefined || channel === channels.progress) this.#readCovered();
    if (channel === pinsChannel) this.pins.receive(payload);
    if (channel === channels.proxies) {
      const [what, proxy, transition] = payload.split(' ');
      if (what === 'drained' && proxy !== undefined && transition !== undefined)
        this.#othersDrained.add(`${transition} ${proxy}`);
    }
  }

  #tick(): void {
    if (this.#closed) return;
    const now = this.lease.now();
    if (this.#options.marks.isDirty || now - this.#lastReportAt >= beatMs) this.report();
    if (this.#table === undefined) void this.refresh();
    if (this.#options.marks.isWaiting) this.#readCovered();
  }

  async #refreshUntilCurrent(): Promise<boolean> {
    do {
      this.#refreshAgain = false;
      const askedAt = this.lease.now();
      try {
        const snapshot = await readRoutes(this.#db);
        if (this.#table === undefined || snapshot.version !== this.#table.version) {
          if (this.#table !== undefined && snapshot.version < this.#table.version) {
            this.#options.log.error(
              { from: this.#table.version.toString(), to: snapshot.version.toString() },
              'the route version went backwards: was the control database restored?',
            );
          }
          this.#adopt(buildTable(this.#options.plan, this.#options.matcher, snapshot));
        }
        this.lease.renew(askedAt);
        this.#up();
      } catch (error) {
        this.#down(error);
        return false;
      }
    } while (this.#refreshAgain);
    return true;
  }

  #adopt(table: RouteTable): void {
    this.#table = table;
    for (const entry of this.#othersDrained) {
      if (!table.holds.some((hold) => entry.startsWith(hold.transition))) this.#othersDrained.delete(entry);
    }
    this.#options.onTable(table);
    this.report(`adopted ${this.#options.id} ${table.version}`);
  }

  async #reportWhileWanted(): Promise<void> {
    this.#reporting = true;
    // What else happens in this turn (a drain beside an adoption) goes into the same statement.
    await Promise.resolve();
    try {
      while (this.#reportWanted && this.#table !== undefined && !this.#closed) {
        this.#reportWanted = false;
        const notices = this.#notices;
        this.#notices = [];
        await this.#reportOnce(this.#table, notices);
      }
    } finally {
      this.#reporting = false;
    }
  }

  async #reportOnce(table: RouteTable, notices: readonly string[]): Promise<void> {
    const askedAt = this.lease.now();
    this.#lastReportAt = askedAt;
    const { id, url, plan, held, marks, drained } = this.#options;
    try {
      const answer = await writeReport(this.#db, {
        id,
        url: url(),
        configHash: plan.hash,
        version: table.version,
        drained: drained(),
        held: held(),
        mark: marks.flush(),
        leaseMs: Lease.durationMs,
        notices,
      });
      this.#proxies = answer.proxies;
      if (answer.version === this.#table?.version) this.lease.renew(askedAt);
      else void this.refresh();
      this.#up();
    } catch (error) {
      this.#down(error);
    }
  }

  #readCovered(): void {
    if (this.#readingCovered || (this.#table?.lagging.length ?? 0) === 0) return;
    this.#readingCovered = true;
    readCovered(this.#db)
      .then((covered) => this.#options.marks.adopt(covered, this.#table?.lagging ?? []))
      .catch(() => undefined)
      .finally(() => (this.#readingCovered = false));
  }

  #up(): void {
    if (this.#isDown) this.#options.log.info('the control database answers again');
    this.#isDown = false;
  }

  #down(error: unknown): void {
    if (!this.#isDown && !this.#closed) {
      this.#options.log.warn(
        { reason: describeError(error) },
        'the control database does not answer; serving the last route table',
      );
    }
    this.#isDown = true;
  }
}
