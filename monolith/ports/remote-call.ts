import { setTimeout as delay } from 'node:timers/promises';
import { Pool } from 'undici';
import { describeFailure } from '../http/failure.ts';
import type { Passage } from '../http/passage.ts';
import { isProblemCode, ShopError } from '../http/problem.ts';

const patienceMs = 20_000;
const firstPauseMs = 25;
const longestPauseMs = 1_000;
const callTimeoutMs = 15_000;

export interface RemoteRequest {
  method: 'GET' | 'PUT' | 'POST';
  path: string;
  body?: unknown;
  /** Replaces the authorization that the request behind the call brought. */
  authorization?: string;
  headers?: Record<string, string>;
}

export type RemoteCall = (passage: Passage, request: RemoteRequest) => Promise<unknown>;

/**
 * Calls the shop at its public URL, so that whoever owns the data answers. Port calls are idempotent: one that met a
 * broken connection, 502, 503 or 504 is made again, with growing pauses, until its patience ends. Refusals come back as
 * the `ShopError` that the module itself would have thrown.
 */
export function createRemoteCall(publicUrl: string): { call: RemoteCall; close: () => Promise<void> } {
  const { origin, pathname } = new URL(publicUrl);
  const base = pathname.replace(/\/+$/, '');
  const pool = new Pool(origin, {
    connections: 64,
    pipelining: 1,
    headersTimeout: callTimeoutMs,
    bodyTimeout: callTimeoutMs,
  });

  async function once(passage: Passage, { method, path, body, authorization, headers }: RemoteRequest) {
    const answer = await pool.request({
      method,
      path: `${base}${path}`,
      headers: {
        accept: 'application/json',
        ...passage.headers,
        ...headers,
        ...(authorization === undefined ? {} : { authorization }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      body: body === undefined ? null : JSON.stringify(body),
    });
    const text = await answer.body.text();
    return { status: answer.statusCode, text };
  }

  async function call(passage: Passage, request: RemoteRequest): Promise<unknown> {
    const untilMs = performance.now() + patienceMs;
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      let reason: string;
      let cause: unknown;
      try {
        const { status, text } = await once(passage, request);
        if (status < 300) return text === '' ? undefined : JSON.parse(text);
        if (status !== 502 && status !== 503 && status !== 504) throw refusalOf(status, text);
        reason = `${request.method} ${request.path} answered ${status}`;
      } catch (error) {
        if (error instanceof ShopError) throw error;
        reason = describeFailure(error);
        cause = error;
      }
      if (performance.now() + pauseMs > untilMs) {
        throw new ShopError('unavailable', 'A part of the shop is away. Send the same request again.', {
          cause: new Error(reason, { cause }),
          headers: { 'retry-after': '1' },
        });
      }
      await delay(pauseMs);
    }
  }

  return { call, close: () => pool.destroy() };
}

function refusalOf(status: number, text: string): ShopError {
  try {
    const problem: unknown = JSON.parse(text);
    if (typeof problem === 'object' && problem !== null && 'code' in problem && isProblemCode(problem.code)) {
      return new ShopError(problem.code, 'detail' in problem ? String(problem.detail) : problem.code);
    }
  } catch {
    // Not a problem document: its status must do.
  }
  return new ShopError('unavailable', 'A part of the shop gave an answer that is not understood.', {
    cause: new Error(`status ${status}`),
  });
}
