import { setTimeout as delay } from 'node:timers/promises';
import { describeFailure } from '../http/failure.ts';
import { ShopError } from '../http/problem.ts';
import type { CancelOutcome, ChargeOutcome, PaymentGateway } from './gateway.ts';

const timeoutMs = 3_000;
/** Pauses between attempts within one step; what still fails then is left to whoever takes the order on. */
const pausesMs = [100];

interface ProviderCharge {
  state: ChargeOutcome['state'];
  reference: string;
  refundedCents: number;
  cancellationReference?: string;
  refundReference?: string;
}

/** A payment provider behind HTTP. What it answers is its state; a call whose answer was lost is followed by a question. */
export function httpGateway(url: string, apiKey: string): PaymentGateway {
  async function ask(
    method: 'GET' | 'PUT',
    path: string,
    body?: unknown,
  ): Promise<ProviderCharge | undefined> {
    const answer = await fetch(`${url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${apiKey}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.timeout(timeoutMs),
    });
    const text = await answer.text();
    if (answer.status === 404 && method === 'GET') return undefined;
    if (!answer.ok) throw new Error(`the payment provider answered ${answer.status}`);
    return JSON.parse(text) as ProviderCharge;
  }

  async function patiently<T>(work: () => Promise<T>): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await work();
      } catch (error) {
        const pauseMs = pausesMs[attempt];
        if (pauseMs === undefined) throw away(error);
        await delay(pauseMs);
      }
    }
  }

  /** Idempotent, so that it may be sent again; whether one got through in spite of its error, the provider knows. */
  async function put(key: string, path: string, body: unknown): Promise<ProviderCharge> {
    return patiently(async () => {
      try {
        const answer = await ask('PUT', path, body);
        if (answer !== undefined) return answer;
      } catch (error) {
        const known = await ask('GET', `/charges/${key}`);
        if (known !== undefined && path === `/charges/${key}`) return known;
        throw error;
      }
      throw new Error('the payment provider gave no answer');
    });
  }

  return {
    charge: async ({ key, ...payment }) => {
      const { state, reference } = await put(key, `/charges/${key}`, payment);
      return state === 'approved' ? { state, reference } : { state };
    },
    cancel: async ({ key }): Promise<CancelOutcome> => {
      const charge = await put(key, `/charges/${key}/cancellation`, {});
      const { state, reference, cancellationReference } = charge;
      if (cancellationReference !== undefined)
        return { state: 'refunded', reference, refundReference: cancellationReference };
      return state === 'declined' ? { state } : { state: 'voided' };
    },
    refund: async ({ key, refundKey, ...refund }) => {
      const { refundReference } = await put(key, `/charges/${key}/refunds/${refundKey}`, refund);
      return { reference: refundReference ?? '' };
    },
  };
}

const away = (cause: unknown) =>
  new ShopError('unavailable', 'The payment provider is away. Send the same request again.', {
    cause: new Error(describeFailure(cause), { cause }),
    headers: { 'retry-after': '1' },
  });
