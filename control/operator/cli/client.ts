import { existsSync, readFileSync } from 'node:fs';
import { MatapaloError, type ErrorCode } from '#kernel/errors.ts';

export const defaultUrl = 'http://127.0.0.1:7070';
export const defaultTokenFile = '.matapalo/token';

/** An answer of the API that is a problem; carries the whole document for `--json`. */
export class ApiProblem extends Error {
  readonly problem: Readonly<Record<string, unknown>>;
  constructor(problem: Record<string, unknown>) {
    super(typeof problem['detail'] === 'string' ? problem['detail'] : 'The operator refused.');
    this.problem = problem;
  }
}

/** Exit code of a problem, by its code; what the tool does not know is unexpected. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof MatapaloError) return error.exitCode;
  if (error instanceof ApiProblem) {
    try {
      return new MatapaloError(error.problem['code'] as ErrorCode, '').exitCode;
    } catch {
      return 1;
    }
  }
  return 1;
}

function readToken(): string | undefined {
  const given = process.env['MATAPALO_TOKEN'];
  if (given !== undefined && given !== '') return given;
  const file = process.env['MATAPALO_TOKEN_FILE'] ?? defaultTokenFile;
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined;
}

/** Speaks to the operator; one that does not lead names the leader, who is asked instead. */
export class Client {
  #url: string;
  readonly #token: string | undefined;

  constructor(
    url: string = process.env['MATAPALO_URL'] ?? defaultUrl,
    token: string | undefined = readToken(),
  ) {
    this.#url = url;
    this.#token = token;
  }

  get<T>(path: string): Promise<T> {
    return this.#ask('GET', path);
  }

  post<T>(path: string, body?: Record<string, unknown>): Promise<T> {
    return this.#ask('POST', path, body);
  }

  delete<T>(path: string): Promise<T> {
    return this.#ask('DELETE', path);
  }

  async #ask<T>(
    method: string,
    path: string,
    body?: Record<string, unknown>,
    redirected = false,
  ): Promise<T> {
    let answer: Response;
    try {
      answer = await fetch(new URL(path, this.#url), {
        method,
        headers: {
          ...(this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(60_000),
      });
    } catch (cause) {
      throw new MatapaloError('unreachable', `The operator does not answer at ${this.#url}.`, {
        hint: 'Start it, or set MATAPALO_URL.',
        cause,
      });
    }
    const text = await answer.text();
    let parsed: unknown;
    try {
      parsed = JSON.parse(text);
    } catch {
      throw new MatapaloError('unreachable', `What answers at ${this.#url} is not an operator.`, {
        hint: 'Check MATAPALO_URL.',
      });
    }
    if (answer.ok) return parsed as T;
    const problem = parsed as Record<string, unknown>;
    if (problem['code'] === 'not-leader' && typeof problem['leader'] === 'string' && !redirected) {
      this.#url = problem['leader'];
      return this.#ask(method, path, body, true);
    }
    throw new ApiProblem(problem);
  }
}
