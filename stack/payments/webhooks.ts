import { createHmac, randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '#kernel/log.ts';
import type { Charge } from './ledger.ts';

export interface Webhook {
  id: string;
  type: 'charge.approved' | 'charge.declined' | 'charge.voided' | 'charge.refunded';
  key: string;
  reference: string;
  at: string;
}

export const webhookOf = (type: Webhook['type'], { key, reference }: Charge): Webhook => ({
  id: randomUUID(),
  type,
  key,
  reference,
  at: new Date().toISOString(),
});

/** `t=<seconds>,v1=<HMAC-SHA256 of "t.body", hex>`: whoever shares the secret knows who speaks, and when. */
export function signWebhook(secret: string, body: string, atSeconds = Math.floor(Date.now() / 1000)): string {
  const mac = createHmac('sha256', secret).update(`${atSeconds}.${body}`).digest('hex');
  return `t=${atSeconds},v1=${mac}`;
}

const firstPauseMs = 100;
const longestPauseMs = 5_000;

/** Tells the shop, again and again until it says that it has heard: at least once, in no order. */
export class Messenger {
  readonly #url: string | undefined;
  readonly #secret: string;
  readonly #log: Log;
  readonly #closed = new AbortController();
  readonly #running = new Set<Promise<void>>();

  constructor(url: string | undefined, secret: string, log: Log) {
    this.#url = url;
    this.#secret = secret;
    this.#log = log;
  }

  /** Resolves when the shop has taken it, or the messenger is closed. */
  tell(webhook: Webhook): Promise<void> {
    if (this.#url === undefined) return Promise.resolve();
    const delivery = this.#deliver(this.#url, webhook).finally(() => this.#running.delete(delivery));
    this.#running.add(delivery);
    return delivery;
  }

  async close(): Promise<void> {
    this.#closed.abort();
    await Promise.all(this.#running);
  }

  async #deliver(url: string, webhook: Webhook): Promise<void> {
    const body = JSON.stringify(webhook);
    const { signal } = this.#closed;
    for (let pauseMs = firstPauseMs; !signal.aborted; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      try {
        const answer = await fetch(url, {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            'payment-signature': signWebhook(this.#secret, body),
          },
          body,
          signal: AbortSignal.any([signal, AbortSignal.timeout(10_000)]),
        });
        await answer.body?.cancel();
        if (answer.ok) return;
        this.#log.info(
          { status: answer.status, webhook: webhook.id },
          'the shop did not take a webhook; again',
        );
      } catch (error) {
        if (!signal.aborted) this.#log.info({ err: error, webhook: webhook.id }, 'the shop is away; again');
      }
      await delay(pauseMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }
}
