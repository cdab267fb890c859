import { setTimeout as delay } from 'node:timers/promises';
import { Pool } from 'undici';
import { describeError } from '../errors.ts';
import type { Passage } from './passage.ts';
import { Refusal, refuse } from './refusal.ts';

const usualPatienceMs = 20_000;
const firstPauseMs = 25;
const longestPauseMs = 1_000;
const callTimeoutMs = 15_000;

export interface ShopRequest {
  method: 'GET' | 'PUT' | 'POST';
  path: string;
  body?: unknown;
  headers?: Record<string, string>;
}

export type ShopCall = (passage: Passage, request: ShopRequest) => Promise<unknown>;

/**
 * Calls the shop at its public address as a service, so that whoever owns the data answers. Only what may be asked again belongs
 * here: a call that met a broken connection, 502, 503 or 504 is made again, with growing pauses, until its patience ends; then
 * it throws `unavailable`. What the other side refuses comes back as the same `Refusal`.
 */
export function createShopCall(
  publicUrl: string,
  token: () => Promise<string>,
  patienceMs = usualPatienceMs,
): { call: ShopCall; close: () => Promise<void> } {
  const { origin, pathname } = new URL(publicUrl);
  const base = pathname.replace(/\/+$/, '');
  const pool = new Pool(origin, {
    connections: 64,
    pipelining: 1,
    headersTimeout: callTimeoutMs,
    bodyTimeout: callTimeoutMs,
  });

  async function once(passage: Passage, { method, path, body, headers = {} }: ShopRequest) {
    const answer = await pool.request({
      method,
      path: `${base}${path}`,
      headers: {
        accept: 'application/json',
        ...passage.headers,
        ...headers,
        authorization: `Bearer ${await token()}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      body: body === undefined ? null : JSON.stringify(body),
    });
    return { status: answer.statusCode, text: await answer.body.text() };
  }

  async function call(passage: Passage, request: ShopRequest): Promise<unknown> {
    const untilMs = performance.now() + Math.min(passage.patienceMs ?? patienceMs, patienceMs);
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      let cause: unknown;
      try {
        const { status, text } = await once(passage, request);
        if (status < 300) return text === '' ? undefined : JSON.parse(text);
        if (status !== 502 && status !== 503 && status !== 504) throw refusalOf(status, text);
        cause = new Error(`${request.method} ${request.path} was answered ${status}`);
      } catch (error) {
        if (error instanceof Refusal) throw error;
        cause = error;
      }
      if (performance.now() + pauseMs > untilMs) {
        throw refuse('unavailable', 'A part of the shop is away. Send the same request again.', {
          cause: new Error(describeError(cause), { cause }),
        });
      }
      await delay(pauseMs);
    }
  }

  return { call, close: () => pool.destroy() };
}

function refusalOf(status: number, text: string): Refusal {
  // Not the client's fault, whose token this is not.
  if (status === 401 || status === 403) {
    return refuse('unavailable', "A part of the shop does not take this service's token.", {
      cause: new Error(`status ${status}: ${text.slice(0, 200)}`),
    });
  }
  try {
    const problem: unknown = JSON.parse(text);
    if (typeof problem === 'object' && problem !== null && 'code' in problem && 'title' in problem) {
      const detail = 'detail' in problem ? String(problem.detail) : '';
      return new Refusal({ code: String(problem.code), status, title: String(problem.title) }, detail);
    }
  } catch {
    // Not a problem document: its status must do.
  }
  return refuse('unavailable', 'A part of the shop gave an answer that is not understood.', {
    cause: new Error(`status ${status}`),
  });
}
