import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { MatapaloError } from '../errors.ts';
import type { Log } from '../log.ts';

export interface SessionLeadOptions {
  url: string;
  /** The session's application_name. */
  name: string;
  /** Who stands, as a sentence begins: 'This operator'. */
  subject: string;
  /** Both keys of the advisory lock, int4. */
  key: readonly [number, number];
  /** A leader that has not spoken for this long is put out by the next candidate. */
  leaseMs: number;
  log: Log;
  /** Asked on the session all the time instead of `select 1`; a text says why the lead is lost. */
  check?: (client: pg.Client) => Promise<string | undefined>;
}

/**
 * Leadership by a session advisory lock whose holder speaks on that session all the time. A holder that is stopped, or whose
 * host is gone without a word, would keep the lock for ever: after a lease of silence the next candidate ends its session.
 *
 * The one that was put out may wake up at any point and go on before it notices, so the lock alone proves nothing: what a
 * leader writes must carry a fence of its own (a term, a compare-and-set).
 */
export class SessionLead {
  /** The session that holds the lock; usable for short questions. */
  readonly client: pg.Client;
  readonly #options: SessionLeadOptions;
  readonly #lost = new AbortController();
  #heardAt = performance.now();
  #watchdog: NodeJS.Timeout | undefined;

  constructor(options: SessionLeadOptions) {
    this.#options = options;
    this.client = new pg.Client({
      connectionString: options.url,
      application_name: options.name,
      keepAlive: true,
      connectionTimeoutMillis: 5_000,
    });
    this.client.on('error', () => this.lose('the connection to the control database broke'));
    this.client.once('end', () => this.lose('the connection to the control database ended'));
  }

  /** Aborted, with the reason, as soon as this process no longer leads. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Time counts, not only news: a process that slept for a lease does not lead. */
  get held(): boolean {
    if (performance.now() - this.#heardAt > this.#options.leaseMs) this.lose('the lease ran out');
    return !this.#lost.signal.aborted;
  }

  /** `held`, asked of the server: for what must not be done by one that was put out and has not noticed yet. */
  async confirm(): Promise<boolean> {
    if (this.held) await this.#speak();
    return this.held;
  }

  /** The lock was taken on our session just now: speak from here on. */
  begin(): void {
    this.#heardAt = performance.now();
    const pauseMs = this.#options.leaseMs / 8;
    // Silence has no event: an answer that never comes is noticed by the clock.
    this.#watchdog = setInterval(() => this.held, pauseMs).unref();
    void (async () => {
      while (this.held) {
        await delay(pauseMs, undefined, { signal: this.lost }).catch(() => undefined);
        if (this.held) await this.#speak();
      }
    })();
  }

  async #speak(): Promise<void> {
    const { check } = this.#options;
    // Counted from the question: the server measures our silence from then.
    const askedAt = performance.now();
    try {
      const over = check === undefined ? undefined : await check(this.client);
      if (check === undefined) await this.client.query('select 1');
      if (over !== undefined) this.lose(over);
      // An answer that came after the lease does not revive it.
      if (this.held) this.#heardAt = Math.max(this.#heardAt, askedAt);
    } catch {
      this.lose('the session ended');
    }
  }

  lose(why: string): void {
    clearInterval(this.#watchdog);
    if (this.#lost.signal.aborted) return;
    this.#lost.abort(new MatapaloError('not-leader', `${this.#options.subject} no longer leads: ${why}.`));
    this.client.end().catch(() => undefined);
  }

  /** Gives the lock back by ending the session. A server that does not answer is not waited for. */
  async release(): Promise<void> {
    this.lose('it stops');
    await Promise.race([this.client.end().catch(() => undefined), delay(2_000, undefined, { ref: false })]);
  }
}

/** Waits until the lead is ours, through lost connections; undefined when `signal` was aborted first. */
export async function takeSessionLead(
  options: SessionLeadOptions,
  signal: AbortSignal,
  onStandby?: () => void,
): Promise<SessionLead | undefined> {
  const pauseMs = options.leaseMs / 8;
  const pause = () => delay(pauseMs, undefined, { signal }).catch(() => undefined);
  let complained = false;
  let toldStandby = false;
  while (!signal.aborted) {
    const lead = new SessionLead(options);
    const giveUp = () => lead.lose('it stops');
    signal.addEventListener('abort', giveUp, { once: true });
    try {
      const lost = new Promise<void>((resolve) =>
        lead.lost.addEventListener('abort', () => resolve(), { once: true }),
      );
      // pg leaves `connect` pending for ever when `end` is called meanwhile.
      await Promise.race([lead.client.connect(), lost]);
      complained = false;
      while (!lead.lost.aborted) {
        if (await tryLock(lead.client, options.key)) {
          if (lead.lost.aborted) break;
          lead.begin();
          return lead;
        }
        if (!toldStandby) onStandby?.();
        toldStandby = true;
        await endSilentHolder(lead.client, options);
        await pause();
      }
    } catch (error) {
      if (!complained && !signal.aborted)
        options.log.error({ err: error, session: options.name }, 'cannot stand for the lead; trying again');
      complained = true;
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
    await lead.release();
    await pause();
  }
  return undefined;
}

async function tryLock(client: pg.Client, key: readonly [number, number]): Promise<boolean> {
  const { rows } = await client.query<{ got: boolean }>('select pg_try_advisory_lock($1, $2) as got', [
    ...key,
  ]);
  return rows[0]?.got === true;
}

async function endSilentHolder(client: pg.Client, { key, leaseMs }: SessionLeadOptions): Promise<void> {
  // pg_locks shows the keys unsigned.
  await client.query(
    `select pg_terminate_backend(a.pid) from pg_locks l join pg_stat_activity a using (pid)
      where l.locktype = 'advisory' and l.granted and l.objsubid = 2
        and l.classid = ($1::int8 & 4294967295)::oid and l.objid = ($2::int8 & 4294967295)::oid
        and l.database = (select oid from pg_database where datname = current_database())
        and a.state_change < clock_timestamp() - $3::float8 * interval '1 ms'`,
    [...key, leaseMs],
  );
}
