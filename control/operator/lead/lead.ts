import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { takeSessionLead, type SessionLead } from '#kernel/db/session-lead.ts';
import { describeError } from '#kernel/errors.ts';
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
const lockKey = [19_793, 10] as const;

/**
 * Elects one operator. A process that was put out may wake up at any point and go on, so the lock proves nothing by itself:
 * every taking of the lead raises `leadership.term`, and each journal entry and publication carries the term in its own
 * transaction. A stale one changes nothing.
 */
export class Lead {
  readonly #options: LeadOptions;
  readonly #onLead: (term: Term) => void;
  readonly #closed = new AbortController();
  readonly #loop: Promise<void>;
  #current: { term: Term; session: SessionLead } | undefined;

  constructor(options: LeadOptions, onLead: (term: Term) => void) {
    this.#options = options;
    this.#onLead = onLead;
    this.#loop = this.#run();
  }

  /** The present term, or undefined while another leads. */
  get current(): Term | undefined {
    return this.#current?.session.held === true ? this.#current.term : undefined;
  }

  leads(term: bigint): boolean {
    return this.current?.term === term;
  }

  async close(): Promise<void> {
    this.#closed.abort();
    await this.#current?.session.release();
    // A session that is still connecting may never answer.
    await Promise.race([this.#loop, delay(2_000, undefined, { ref: false })]);
  }

  async #run(): Promise<void> {
    const { controlUrl, log, leaseMs = 3_000 } = this.#options;
    while (!this.#closed.signal.aborted) {
      let term: bigint | undefined;
      const session = await takeSessionLead(
        {
          url: controlUrl,
          name: 'matapalo operator lead',
          subject: 'This operator',
          key: lockKey,
          leaseMs,
          log,
          check: async (client) => {
            const newest = (await client.query<{ term: string }>('select term::text from leadership'))
              .rows[0];
            return term === undefined || newest?.term === term.toString()
              ? undefined
              : 'a newer term has begun';
          },
        },
        this.#closed.signal,
      );
      if (session === undefined) return;
      try {
        term = await this.#raiseTerm(session.client);
        if (!this.#closed.signal.aborted && session.held) await this.#lead(session, term);
      } catch (error) {
        if (!this.#closed.signal.aborted) log.error({ err: error }, 'the lead was lost as it was taken');
      }
      await session.release();
      await delay(leaseMs / 8, undefined, { signal: this.#closed.signal }).catch(() => undefined);
    }
  }

  async #raiseTerm(client: pg.Client): Promise<bigint> {
    const { rows } = await client.query<{ term: string }>(
      `insert into leadership ("only", term, holder, url) values (true, 1, $1, $2)
       on conflict ("only") do update
         set term = leadership.term + 1, holder = excluded.holder, url = excluded.url, since = now()
       returning term::text`,
      [this.#options.holder, this.#options.url],
    );
    return BigInt(rows[0]?.term ?? 0);
  }

  /** Until the lead is lost. */
  async #lead(session: SessionLead, number: bigint): Promise<void> {
    const { log } = this.#options;
    const term = { term: number, signal: session.lost };
    const lost = new Promise<void>((resolve) =>
      session.lost.addEventListener('abort', () => resolve(), { once: true }),
    );
    this.#current = { term, session };
    log.info({ term: number.toString() }, 'leading');
    this.#onLead(term);
    await lost;
    this.#current = undefined;
    log.warn({ term: number.toString(), reason: describeError(session.lost.reason) }, 'no longer leading');
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
