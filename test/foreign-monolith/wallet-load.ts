import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Agent, request } from 'undici';

export type Outcome = 'acknowledged' | 'refused' | 'unknown';

export interface LedgerEntry {
  id: string;
  from: string;
  to: string;
  cents: number;
  outcome: Outcome;
}

export interface LoadResult {
  requests: number;
  writes: number;
  /** Transport errors, timeouts, 5xx and answers that nothing explains, as text; bounded. */
  failures: string[];
  failed: number;
  ledger: LedgerEntry[];
}

export interface LoadOptions {
  /** Base URLs of the proxies; clients take turns. */
  urls: readonly string[];
  wallets: readonly string[];
  clients: number;
  /** Pause of one client between requests. */
  thinkMs?: number;
  /** Whether connections may break, because processes are being killed. */
  tolerant?: boolean;
}

/** Clients that transfer money, set tags and read, each request exactly once, until `stop`. Every answer goes into a ledger. */
export function startLoad(options: LoadOptions): { stop(): Promise<LoadResult>; result: LoadResult } {
  const agent = new Agent({ connections: options.clients * 2, headersTimeout: 20_000, bodyTimeout: 20_000 });
  const result: LoadResult = { requests: 0, writes: 0, failures: [], failed: 0, ledger: [] };
  let running = true;

  const fail = (what: string) => {
    result.failed++;
    if (result.failures.length < 20) result.failures.push(what);
  };

  const call = async (method: 'GET' | 'POST' | 'PUT' | 'DELETE', url: string, body?: object) => {
    result.requests++;
    if (method !== 'GET') result.writes++;
    const response = await request(url, {
      dispatcher: agent,
      method,
      ...(body ? { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } } : {}),
    });
    const text = await response.body.text();
    return { status: response.statusCode, text };
  };

  const transfer = async (base: string) => {
    const from = pick(options.wallets);
    let to = pick(options.wallets);
    while (to === from) to = pick(options.wallets);
    const entry: LedgerEntry = {
      id: randomUUID(),
      from,
      to,
      cents: 1 + Math.floor(Math.random() * 500),
      outcome: 'unknown',
    };
    result.ledger.push(entry);
    const { status, text } = await call('POST', `${base}/transfers`, {
      id: entry.id,
      from,
      to,
      cents: entry.cents,
    });
    if (status === 201) entry.outcome = 'acknowledged';
    else if (status === 422) entry.outcome = 'refused';
    else if (status === 503 && /not-owner|held|hold/.test(text)) {
      entry.outcome = 'refused';
      if (!options.tolerant) fail(`POST /transfers ${status} ${text}`);
    } else if (!options.tolerant || status < 500) fail(`POST /transfers ${status} ${text}`);
  };

  const client = async (number: number) => {
    while (running) {
      const base = options.urls[number % options.urls.length] ?? '';
      try {
        const dice = Math.random();
        if (dice < 0.45) await transfer(base);
        else if (dice < 0.5)
          await expectStatus(call('PUT', `${base}/wallets/${pick(options.wallets)}/tags/${pick(tags)}`), 204);
        else if (dice < 0.55)
          await expectStatus(
            call('DELETE', `${base}/wallets/${pick(options.wallets)}/tags/${pick(tags)}`),
            204,
          );
        else await expectStatus(call('GET', `${base}/wallets/${pick(options.wallets)}`), 200);
      } catch (error) {
        if (!options.tolerant) fail(String(error));
        await delay(20);
      }
      if (options.thinkMs) await delay(options.thinkMs * (0.5 + Math.random()));
    }
  };

  const expectStatus = async (answer: Promise<{ status: number; text: string }>, wanted: number) => {
    const { status, text } = await answer;
    if (status !== wanted && !(options.tolerant && status >= 500)) fail(`${status} ${text}`);
  };

  const clients = Array.from({ length: options.clients }, (_, number) => client(number));
  return {
    result,
    async stop() {
      running = false;
      await Promise.all(clients);
      await agent.close();
      return result;
    },
  };
}

const tags = ['blue', 'green', 'red', 'white', 'black'];

function pick<T>(items: readonly T[]): T {
  const item = items[Math.floor(Math.random() * items.length)];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
}
