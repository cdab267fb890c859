import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { exampleRows, startTwoSides, type Pair, type TwoSides } from '#test/two-sides.ts';
import { leadingOperator } from '../operator-fixture.ts';
import type { RunningOperator } from '../start-operator.ts';

export interface AskOptions {
  method?: string;
  body?: unknown;
  headers?: Record<string, string>;
  /** A token; empty for none. Default: the first one. */
  as?: string;
  /** Another operator's URL. */
  at?: string;
}

/** For tests of the API: for each of them a pair of databases and an operator that leads. */
export function operatorApi() {
  let sides: TwoSides;
  let pair: Pair;
  let operator: RunningOperator;
  let token: string;
  beforeAll(async () => {
    sides = await startTwoSides();
  });
  afterAll(() => sides.stop());
  beforeEach(async () => {
    pair = await sides.pair();
    await pair.legacyApp.query(exampleRows(5));
    operator = await leadingOperator(pair);
    token = operator.firstToken ?? '';
  });
  afterEach(async () => {
    await operator.stop();
    await pair.close();
  });
  return {
    get pair() {
      return pair;
    },
    get operator() {
      return operator;
    },
    set operator(next) {
      operator = next;
    },
    get token() {
      return token;
    },
    group: () => pair.group.name,
    audits: async () =>
      (await pair.controlPool.query('select who, role, action, target, outcome from audit order by id')).rows,
    async ask(path: string, { method = 'GET', body, headers = {}, as = token, at }: AskOptions = {}) {
      const answer = await fetch(`${at ?? operator.url}${path}`, {
        method,
        headers: {
          ...(as === '' ? {} : { authorization: `Bearer ${as}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      // Answers are asserted on member by member.
      const parsed = JSON.parse(await answer.text());
      return { status: answer.status, type: answer.headers.get('content-type'), body: parsed };
    },
  };
}
