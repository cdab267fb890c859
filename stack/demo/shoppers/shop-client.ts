import type { Dispatcher } from 'undici';
import { request } from 'undici';
import type { Meter } from './meter.ts';

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: unknown;
}

export interface Ask {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  /** The path with its ids named, for messages and counts. */
  route: string;
  body?: object;
  headers?: Record<string, string>;
  /** It touches the group that moves. */
  moving: boolean;
  /** By method unless said: a POST may be a read. */
  write?: boolean;
}

/** Alters an answer on its way to a shopper; undefined leaves it. For proving that a wrong answer is noticed. */
export type Tamper = (who: string, ask: Ask, text: string) => string | undefined;

export interface Wire {
  dispatcher: Dispatcher;
  meter: Meter;
  tamper?: Tamper;
}

const timeoutMs = 15_000;

/** One shopper's connection to the shop: its token and its cookies. Every request is sent exactly once. */
export class ShopClient {
  readonly #wire: Wire;
  readonly #baseUrl: string;
  readonly #cookies = new Map<string, string>();
  readonly name: string;
  token: string | undefined;

  constructor(wire: Wire, baseUrl: string, name: string) {
    this.#wire = wire;
    this.#baseUrl = baseUrl;
    this.name = name;
  }

  /** The answer; undefined where there was none, or a 5xx: those have been counted as failed. */
  async ask(ask: Ask): Promise<Answer | undefined> {
    const { meter, dispatcher } = this.#wire;
    const startMs = Date.now();
    const phase = meter.phase;
    meter.inFlight++;
    try {
      const response = await request(this.#baseUrl + ask.path, {
        dispatcher,
        method: ask.method,
        headers: this.#headers(ask),
        ...(ask.body === undefined ? {} : { body: JSON.stringify(ask.body) }),
        signal: AbortSignal.timeout(timeoutMs),
      });
      let text = await response.body.text();
      text = this.#wire.tamper?.(this.name, ask, text) ?? text;
      this.#keepCookies(response.headers['set-cookie']);
      if (response.statusCode >= 500) {
        meter.fail(`${this.#told(ask)}: ${response.statusCode} ${text.slice(0, 300)}`);
        return undefined;
      }
      return { status: response.statusCode, headers: response.headers, body: parse(text) };
    } catch (error) {
      const reason = error instanceof Error ? `${error.name} ${error.message}` : String(error);
      meter.fail(`${this.#told(ask)}: no answer (${reason})`);
      return undefined;
    } finally {
      meter.inFlight--;
      meter.record({
        phase,
        route: `${ask.method} ${ask.route}`,
        write: ask.write ?? ask.method !== 'GET',
        moving: ask.moving,
        startMs,
        endMs: Date.now(),
      });
    }
  }

  /** As `ask`, for an answer that the model predicts: any other status has failed and gives undefined. */
  async expect(status: number, ask: Ask): Promise<unknown> {
    const answer = await this.ask(ask);
    if (answer === undefined) return undefined;
    if (answer.status !== status) {
      this.wrong(ask, `${status} expected, ${answer.status} ${JSON.stringify(answer.body)}`);
      return undefined;
    }
    return answer.body ?? {};
  }

  /** The answer contradicts what this shopper knows. */
  wrong(ask: Ask, text: string): void {
    this.#wire.meter.fail(`${this.#told(ask)}: ${text}`);
  }

  #told(ask: Ask): string {
    return `${this.name}: ${ask.method} ${ask.path}`;
  }

  #headers(ask: Ask): Record<string, string> {
    const cookies = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    return {
      ...(ask.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(this.token === undefined ? {} : { authorization: `Bearer ${this.token}` }),
      ...(cookies === '' ? {} : { cookie: cookies }),
      ...ask.headers,
    };
  }

  #keepCookies(lines: string | string[] | undefined): void {
    for (const line of typeof lines === 'string' ? [lines] : (lines ?? [])) {
      const [pair = '', ...attributes] = line.split(';');
      const equals = pair.indexOf('=');
      const path = attributes.find((attribute) => /^\s*path=/i.test(attribute));
      // A cookie for one corner of the shop is not sent everywhere; shoppers do not go back to that corner with it.
      if (path !== undefined && !/^\s*path=\/\s*$/i.test(path)) continue;
      const [name, value] = [pair.slice(0, equals).trim(), pair.slice(equals + 1).trim()];
      const gone = value === '' || attributes.some((attribute) => /^\s*max-age=0\s*$/i.test(attribute));
      if (gone) this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
  }
}

function parse(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
