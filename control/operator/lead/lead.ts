import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { MatapaloError } from '#kernel/errors.ts';
import type { Log } from '#kernel/log.ts';

export interface LeadOptions {
  controlUrl: string;
  /** Who we are, for people. */
  holder: string;
  /** Where our API answers. */
  url: string;
  log: Log;
  /** A leader that has not spoken for this long is put out by the next. Default 3,000. */
  leaseMs?: number;
}

export interface Term {
  term: bigint;
  /** Aborted as soon as this process no longer leads. */
  signal: AbortSignal;
}

/** First and second key of the advisory lock that the leader's session holds in the control database. */
const lockKeys = [19_793, 10] as const;

/**
 * Elects one operator. The leader holds a session advisory lock and speaks on that session all the time; when the session
 * is silent for a lease (the process is stopped, or its host is gone without a word), the next candidate ends the session
 * and takes the lock. A process that was put out may wake up at any point and go on, so the lock proves nothing by itself:
 * every taking of the lead raises `leadership.term`, and each journal entry and publication carries the term in its own
 * transaction. A stale one changes nothing.
 */
export class Lead {
  readonly #options: LeadOptions;
  readonly #leaseMs: number;
  readonly #onLead: (term: Term) => void;
  #current: (Term & { controller: AbortController; heardAt: number }) | undefined;
  #client: pg.Client | undefined;
  #closed = new AbortController();
  #loop: Promise<void>;

  constructor(options: LeadOptions, onLead: (term: Term) => void) {
    this.#options = options;
    this.#leaseMs = options.leaseMs ?? 3_000;
    this.#onLead = onLead;
    this.#loop = this.#run();
  }

  /** The present term, or undefined while another leads. Time counts, not only news: a process that slept does not lead. */
  get current(): Term | undefined {
    const current = this.#current;
    if (current === undefined || current.signal.aborted) return undefined;
    if (performance.now() - current.heardAt > this.#leaseMs) {
      this.#lose('the lease ran out');
      return undefined;
    }
    return current;
  }

  leads(term: bigint): boolean {
    return this.current?.term === term;
  }

  async close(): Promise<void> {
    this.#closed.abort();
    this.#lose('the operator stops');
    // A client that is still connecting may never answer `end`.
    this.#client?.end().catch(() => undefined);
    await Promise.race([this.#loop, delay(2_000)]);
  }

  #lose(why: string): void {
    const current = this.#current;
    this.#current = undefined;
    if (current === undefined) return;
    this.#options.log.warn({ term: current.term.toString() }, `no longer leading: ${why}`);
    current.controller.abort(new MatapaloError('not-leader', `This operator no longer leads: ${why}.`));
  }

  async #run(): Promise<void> {
    const pause = this.#leaseMs / 8;
    let complained = false;
    while (!this.#closed.signal.aborted) {
      const client = new pg.Client({
        connectionString: this.#options.controlUrl,
        application_name: 'matapalo operator lead',
        keepAlive: true,
        connectionTimeoutMillis: 5_000,
      });
      client.on('error', () => this.#lose('the connection to the control database broke'));
      client.once('end', () => this.#lose('the connection to the control database ended'));
      this.#client = client;
      try {
        await client.connect();
        this.#closed.signal.throwIfAborted();
        complained = false;
        await this.#stand(client, pause);
        await this.#serve(client, pause);
      } catch (error) {
        if (!complained && !this.#closed.signal.aborted)
          this.#options.log.error({ err: error }, 'cannot stand for the lead; trying again');
        complained = true;
      }
      this.#lose('the session ended');
      client.end().catch(() => undefined);
      await this.#pause(pause);
    }
  }

  /** Waits for the lock, and ends the session of a leader that has fallen silent. */
  async #stand(client: pg.Client, pause: number): Promise<void> {
    for (;;) {
      this.#closed.signal.throwIfAborted();
      const { rows } = await client.query<{ got: boolean }>('select pg_try_advisory_lock($1, $2) as got', [
        ...lockKeys,
      ]);
      if (rows[0]?.got) return;
      await client.query(
        `select pg_terminate_backend(a.pid) from pg_locks l join pg_stat_activity a using (pid)
          where l.locktype = 'advisory' and l.granted and l.classid = $1 and l.objid = $2 and l.objsubid = 2
            and l.database = (select oid from pg_database where datname = current_database())
            and a.state_change < clock_timestamp() - $3::float8 * interval '1 ms'`,
        [...lockKeys, this.#leaseMs],
      );
      await this.#pause(pause);
    }
  }

  async #serve(client: pg.Client, pause: number): Promise<void> {
    const { rows } = await client.query<{ term: string }>(
      `insert into leadership ("only", term, holder, url) values (true, 1, $1, $2)
       on conflict ("only") do update
         set term = leadership.term + 1, holder = excluded.holder, url = excluded.url, since = now()
       returning term::text`,
      [this.#options.holder, this.#options.url],
    );
    const term = BigInt(rows[0]?.term ?? 0);
    const controller = new AbortController();
    const current = { term, signal: controller.signal, controller, heardAt: performance.now() };
    this.#current = current;
    this.#options.log.info({ term: term.toString() }, 'leading');
    this.#onLead({ term, signal: controller.signal });
    while (!controller.signal.aborted) {
      await this.#pause(pause);
      const askedAt = performance.now();
      const answer = await client.query<{ term: string }>('select term::text from leadership');
      if (answer.rows[0]?.term !== term.toString()) return this.#lose('a newer term has begun');
      // Counted from the question: the server measures our silence from then.
      if (this.current === undefined) return;
      current.heardAt = askedAt;
    }
  }

  async #pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.#closed.signal }).catch(() => undefined);
  }
}

/** Who leads, as the control database says. */
export async function readLeader(
  db: Pick<pg.ClientBase, 'query'>,
): Promise<{ term: bigint; holder: string; url: string; since: Date } | undefined> {
  const { rows } = await db.query<{ term: string; holder: string; url: string; since: Date }>(
    'select term::text, holder, url, since from leadership',
  );
  const row = rows[0];
  return row ? { ...row, term: BigInt(row.term) } : undefined;
}
