import { setTimeout as delay } from 'node:timers/promises';
import { runSql } from './run-sql.ts';
import { audit, type Audit } from './wallet-audit.ts';
import type { LedgerEntry } from './wallet-load.ts';
import { WalletProcesses } from './wallet-processes.ts';

/** The wallets' stack as an engineer drives it: through the operator's API, watched in the databases. */
export class WalletStack extends WalletProcesses {
  /** Calls the leading operator's API; tries the others when one does not answer or does not lead. */
  async api<T = Record<string, unknown>>(
    method: 'GET' | 'POST',
    path: string,
    body?: object,
  ): Promise<{ status: number; body: T }> {
    let last: unknown;
    for (let attempt = 0; attempt < 200; attempt++) {
      const base = this.operatorUrls[attempt % this.operatorUrls.length] ?? '';
      try {
        const response = await fetch(`${base}${path}`, {
          method,
          headers: {
            authorization: `Bearer ${this.token}`,
            ...(body ? { 'content-type': 'application/json' } : {}),
          },
          ...(body ? { body: JSON.stringify(body) } : {}),
          signal: AbortSignal.timeout(20_000),
        });
        const parsed = (await response.json()) as T;
        if (response.status !== 503) return { status: response.status, body: parsed };
        last = parsed;
      } catch (error) {
        last = error;
      }
      await delay(100);
    }
    throw new Error(`no leading operator answered ${method} ${path}: ${JSON.stringify(last)}`);
  }

  /** Waits until `condition` returns something other than undefined; the deadline is generous, for a broken run only. */
  async until<T>(what: string, condition: () => Promise<T | undefined>, timeoutMs = 60_000): Promise<T> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const value = await condition();
      if (value !== undefined) return value;
      if (Date.now() > deadline) throw new Error(`waited ${timeoutMs} ms for: ${what}`);
      await delay(25);
    }
  }

  /** Asks for a transition and waits for its end. */
  async transition(kind: string, args: object = {}): Promise<{ id: string; state: string; reason?: string }> {
    const asked = await this.api<{ id: string }>('POST', `/api/groups/wallets/${kind}`, args);
    if (asked.status >= 400) throw new Error(`${kind}: ${asked.status} ${JSON.stringify(asked.body)}`);
    return this.ended(asked.body.id);
  }

  /** Asks for a transition once, from an operator that may die before it answers. Returns the id that it began under. */
  async ask(kind: string): Promise<string> {
    const newest = `select id from transition where group_name = 'wallets' order by started_at desc limit 1`;
    const before = ((await runSql(this.controlUrl, newest)).rows[0] as { id: string } | undefined)?.id;
    let refused: string | undefined;
    const post = async (): Promise<void> => {
      const response = await fetch(`${this.operatorUrls[0]}/api/groups/wallets/${kind}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${this.token}` },
      });
      // Not leading yet, after a start: nothing was begun, so asking again is safe.
      if (response.status === 503) return delay(100).then(post);
      if (response.status >= 400) refused = await response.text();
    };
    void post().catch(() => undefined);
    return this.until(`${kind} to begin`, async () => {
      if (refused !== undefined) throw new Error(`${kind}: ${refused}`);
      const id = ((await runSql(this.controlUrl, newest)).rows[0] as { id: string } | undefined)?.id;
      return id === before ? undefined : id;
    });
  }

  /** As `ended`, read from the control database, for when no operator may be there. */
  endedRow(id: string): Promise<string> {
    return this.until(`transition ${id}`, async () => {
      const { rows } = await runSql(this.controlUrl, `select state from transition where id = '${id}'`);
      const { state } = rows[0] as { state: string };
      return state === 'running' ? undefined : state;
    });
  }

  ended(id: string) {
    return this.until(`transition ${id}`, async () => {
      const { body } = await this.api<{ id: string; state: string; reason?: string }>(
        'GET',
        `/api/transitions/${id}`,
      );
      return body.state === 'running' ? undefined : body;
    });
  }

  /** Waits until both directions stream and the first copy is consistent. */
  streaming(): Promise<true> {
    return this.until('both directions to stream', async () => {
      const { rows } = await runSql(
        this.controlUrl,
        `select state, error from progress where group_name = 'wallets'`,
      );
      const states = rows as { state: string; error: unknown }[];
      const stopped = states.find((row) => row.state === 'stopped');
      if (stopped) throw new Error(`sync stopped: ${JSON.stringify(stopped.error)}`);
      return states.length === 2 && states.every((row) => row.state === 'streaming') ? true : undefined;
    });
  }

  /** Waits for a number of shadow comparisons. */
  compared(count: number): Promise<true> {
    return this.until(`${count} comparisons`, async () => {
      const { rows } = await runSql(
        this.controlUrl,
        `select coalesce(sum(count), 0)::int as n from comparison where group_name = 'wallets'`,
      );
      return (rows[0] as { n: number }).n >= count ? true : undefined;
    });
  }

  /** Has one direction verified; throws unless it is clean. */
  async verify(direction: 'forward' | 'reverse'): Promise<void> {
    const { status, body } = await this.api<{ id?: string }>('POST', '/api/groups/wallets/verify', {
      direction,
    });
    if (status >= 400) throw new Error(`verify: ${status} ${JSON.stringify(body)}`);
    const state = await this.until('verification to end', async () => {
      const { rows } = await runSql(
        this.controlUrl,
        `select state, samples from verification where group_name = 'wallets' and direction = '${direction}' order by started_at desc limit 1`,
      );
      const row = rows[0] as { state: string; samples: unknown } | undefined;
      const { rows: jobs } = await runSql(
        this.controlUrl,
        `select count(*)::int as open from job where state in ('queued', 'running')`,
      );
      return row === undefined || row.state === 'running' || (jobs[0] as { open: number }).open > 0
        ? undefined
        : row;
    });
    if (state.state !== 'clean') throw new Error(`verification found differences: ${JSON.stringify(state)}`);
  }

  /** Both databases' ownership rows, as `owner@epoch`; the group's row in the control database beside them. */
  async owners(): Promise<{
    legacy: string;
    service: string;
    phase: string;
    epoch: string;
    holding: string | null;
  }> {
    const one = async (url: string) => {
      const { rows } = await runSql(
        url,
        `select owner || '@' || epoch as text from matapalo.ownership where group_name = 'wallets'`,
      );
      return (rows as { text: string }[])[0]?.text ?? 'none';
    };
    const { rows } = await runSql(
      this.controlUrl,
      `select phase, epoch::text, holding from route_group where name = 'wallets'`,
    );
    const group = rows[0] as { phase: string; epoch: string; holding: string | null };
    return { legacy: await one(this.legacyUrl), service: await one(this.serviceUrl), ...group };
  }

  /** Ends with the sides equal: waits for beats that were begun after now, in both directions. */
  async settle(): Promise<void> {
    await this.until('both directions to be applied', async () => {
      const lag = async (source: string, target: string, direction: string) => {
        const begun = (await runSql(source, `select n::int from matapalo.beat where group_name = 'wallets'`))
          .rows[0] as { n: number } | undefined;
        return this.until('a beat', async () => {
          const { rows } = await runSql(
            target,
            `select beat_n::int as n from matapalo.checkpoint where group_name = 'wallets' and direction = '${direction}'`,
          );
          return ((rows[0] as { n: number } | undefined)?.n ?? -1) > (begun?.n ?? 0) ? true : undefined;
        });
      };
      await lag(this.legacyUrl, this.serviceUrl, 'forward');
      await lag(this.serviceUrl, this.legacyUrl, 'reverse');
      return true;
    });
  }

  audit(ledger: readonly LedgerEntry[], owner: 'legacy' | 'service'): Promise<Audit> {
    return audit({
      legacyUrl: this.legacyUrl,
      serviceUrl: this.serviceUrl,
      owner,
      start: this.start,
      ledger,
    });
  }
}
