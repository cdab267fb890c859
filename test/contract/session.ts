import assert from 'node:assert/strict';
import { assertPromised, operationOf, type Answer } from './contract.ts';

export interface CallOptions {
  /** Sent as JSON; text is sent as it is. */
  body?: unknown;
  headers?: Record<string, string>;
}

/**
 * One client of the shop: its token, its cookies, and every answer checked against the document. What a session has
 * written it must read back, whoever answers; other sessions may see it a little later.
 */
export class Session {
  readonly baseUrl: string;
  token: string | undefined;
  readonly cookies = new Map<string, string>();

  /** Collects the operations that were answered with success. */
  readonly #succeeded: Set<string>;

  constructor(baseUrl: string, token?: string, succeeded = new Set<string>()) {
    this.baseUrl = baseUrl.replace(/\/$/, '');
    this.token = token;
    this.#succeeded = succeeded;
  }

  async call(method: string, path: string, options: CallOptions = {}): Promise<Answer> {
    const answer = await this.send(method, path, options);
    assertPromised(method, path, answer);
    const operationId = operationOf(method, path)?.operation.operationId;
    if (answer.status < 300 && operationId !== undefined) this.#succeeded.add(operationId);
    return answer;
  }

  /** As `call`, and the status must be this one. Returns the body. */
  async expect(
    status: number,
    method: string,
    path: string,
    options: CallOptions = {},
  ): Promise<Answer['body']> {
    const answer = await this.call(method, path, options);
    assert.equal(answer.status, status, `${method} ${path}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  /** As `call`, and it must be refused with this code. */
  async refused(
    status: number,
    code: string,
    method: string,
    path: string,
    options: CallOptions = {},
  ): Promise<void> {
    const body = await this.expect(status, method, path, options);
    assert.equal(body.code, code, `${method} ${path}`);
  }

  /** One exchange, unchecked. */
  async send(method: string, path: string, { body, headers = {} }: CallOptions = {}): Promise<Answer> {
    const response = await fetch(this.baseUrl + path, {
      method,
      redirect: 'manual',
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(this.token === undefined ? {} : { authorization: `Bearer ${this.token}` }),
        ...(this.cookies.size === 0
          ? {}
          : { cookie: [...this.cookies].map((pair) => pair.join('=')).join('; ') }),
        ...headers,
      },
      body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
      signal: AbortSignal.timeout(30_000),
    });
    for (const line of response.headers.getSetCookie()) this.#keep(line);
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: parsed(response, text) };
  }

  #keep(setCookie: string): void {
    const [pair = '', ...attributes] = setCookie.split(';');
    const name = pair.slice(0, pair.indexOf('=')).trim();
    const value = pair.slice(pair.indexOf('=') + 1).trim();
    const gone = value === '' || attributes.some((attribute) => /^\s*max-age=0\s*$/i.test(attribute));
    if (gone) this.cookies.delete(name);
    else this.cookies.set(name, value);
  }
}

function parsed(response: Response, text: string): unknown {
  if (text === '') return undefined;
  return /[/+]json/.test(response.headers.get('content-type') ?? '') ? JSON.parse(text) : text;
}

/** Waits for another session's write to show, or for a job to run; fails with the last reason after `deadlineMs`. */
export async function eventually<T>(attempt: () => Promise<T>, deadlineMs = 20_000): Promise<T> {
  const end = Date.now() + deadlineMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
