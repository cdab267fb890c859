import { setTimeout as delay } from 'node:timers/promises';

export type Direction = 'forward' | 'reverse';

export interface TransitionView {
  id: string;
  state: 'running' | 'done' | 'undone' | 'failed';
  reason?: string;
  predictedPauseMs?: number;
  measured?: { pauseMs?: number; heldRequests?: number };
  journal: { step: string; at: string }[];
}

export interface GroupView {
  phase: string;
  sync: {
    direction: Direction;
    state: string;
    /** From the source's commit until the change arrived, and from there until the target's commit. */
    captureLagMs?: number | null;
    applyLagMs?: number | null;
  }[];
  /** Shadow comparisons by class. */
  comparisons: Record<string, number>;
  comparisonSamples: { route: string; class: string; detail: unknown }[];
  stopped?: { code: string; message: string; hint: string };
  verifications: {
    direction: Direction;
    state: string;
    rows: string | number;
    missing: string | number;
    extra: string | number;
    different: string | number;
    samples: unknown[];
  }[];
}

/** What the operator refused, in its words. */
export class Refused extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'Refused';
    this.code = code;
  }
}

/** The operator's HTTP API, as a migration engineer's script would use it. */
export class OperatorApi {
  readonly #url: string;
  readonly #token: string;
  readonly #signal: AbortSignal;

  constructor(url: string, token: string, signal: AbortSignal) {
    this.#url = url;
    this.#token = token;
    this.#signal = signal;
  }

  group(name: string): Promise<GroupView> {
    return this.#call<GroupView>('GET', `/api/groups/${name}`);
  }

  /** Asks until the gates are met, then waits for the end. Throws `Refused` with the gates' evidence after `patienceMs`. */
  async transit(
    group: string,
    kind: string,
    body: Record<string, unknown>,
    patienceMs: number,
  ): Promise<TransitionView> {
    const deadline = Date.now() + patienceMs;
    const ask = () =>
      this.#call<{ id: string; predictedPauseMs?: number }>('POST', `/api/groups/${group}/${kind}`, body);
    for (;;) {
      try {
        const { id } = await ask();
        return await this.#ended(id, kind);
      } catch (error) {
        if (!(error instanceof Refused) || error.code !== 'gate-failed' || Date.now() > deadline) throw error;
      }
      await delay(500, undefined, { signal: this.#signal });
    }
  }

  async #ended(id: string, kind: string): Promise<TransitionView> {
    for (;;) {
      const transition = await this.#call<TransitionView>('GET', `/api/transitions/${id}?waitMs=10000`);
      if (transition.state === 'running') continue;
      if (transition.state !== 'done')
        throw new Refused(
          transition.state,
          `${kind} was ${transition.state}: ${transition.reason ?? 'no reason given'}`,
        );
      return transition;
    }
  }

  /** The tool's own verification of one direction. */
  async verify(
    group: string,
    direction: Direction,
  ): Promise<{ rows: number; differences: number; samples: unknown[] }> {
    const { id } = await this.#call<{ id: string }>('POST', `/api/groups/${group}/verify`, { direction });
    for (;;) {
      const job = await this.#call<{ state: string; result?: unknown }>('GET', `/api/jobs/${id}`);
      if (job.state === 'failed')
        throw new Refused('verify-failed', `verify ${direction} failed: ${JSON.stringify(job.result)}`);
      if (job.state === 'done') break;
      await delay(100, undefined, { signal: this.#signal });
    }
    const newest = (await this.group(group)).verifications.find((row) => row.direction === direction);
    if (newest === undefined) throw new Refused('verify-failed', `verify ${direction} left no result`);
    const differences = Number(newest.missing) + Number(newest.extra) + Number(newest.different);
    if (newest.state !== 'clean' && differences === 0)
      throw new Refused('verify-failed', `verify ${direction} ended ${newest.state}`);
    return { rows: Number(newest.rows), differences, samples: newest.samples };
  }

  async #call<T>(method: 'GET' | 'POST', path: string, body?: object): Promise<T> {
    const response = await fetch(this.#url + path, {
      method,
      headers: { authorization: `Bearer ${this.#token}`, 'content-type': 'application/json' },
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.any([this.#signal, AbortSignal.timeout(60_000)]),
    });
    const answer: unknown = await response.json();
    if (response.ok) return answer as T;
    const problem = answer as { code?: string; detail?: string; title?: string; hint?: string };
    const hint = problem.hint === undefined ? '' : ` (${problem.hint})`;
    throw new Refused(
      problem.code ?? String(response.status),
      `${method} ${path}: ${response.status} ${problem.detail ?? problem.title ?? ''}${hint}`,
    );
  }
}
