import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { setTimeout as delay } from 'node:timers/promises';
import { MatapaloError } from '#kernel/errors.ts';
import { createServer } from '#kernel/http/server.ts';
import type { Log } from '#kernel/log.ts';
import { keptCents, Ledger, refundedCents, type Charge, type Outcome } from './ledger.ts';
import { Messenger, webhookOf } from './webhooks.ts';

export interface PaymentsConfig {
  /** What callers must present. */
  apiKey: string;
  webhookUrl: string | undefined;
  webhookSecret: string;
  /** The books; without it they are kept in memory only. */
  file: string | undefined;
  /** How long a `tok_delay` charge is pending. */
  delayMs: number;
}

interface ByKey {
  Params: { key: string };
}

interface ChargeBody {
  amountCents: number;
  currency: string;
  cardToken: string;
}

/**
 * A payment provider that moves no money. The card's token decides: `tok_decline` declines, `tok_delay` is pending for a
 * while (`tok_delay_decline` is declined then), `tok_stuck` is pending until `PUT /charges/{key}/decision`, `tok_fail` is answered 500 and never charged, `tok_flaky` is so the first time only,
 * `tok_lose` is charged and its answer lost, `tok_early` is told by webhook before it is answered, `tok_twice` is told twice.
 */
export function buildPayments(config: PaymentsConfig, log: Log): FastifyInstance {
  const ledger = new Ledger(config.file);
  const messenger = new Messenger(config.webhookUrl, config.webhookSecret, log);
  const failedOnce = new Set<string>();
  const timers = new Set<NodeJS.Timeout>();
  const app = createServer({ log });

  app.addHook('onRequest', async (request) => {
    if (request.url.startsWith('/charges') && request.headers.authorization !== `Bearer ${config.apiKey}`)
      throw new MatapaloError('unauthorized', 'The API key is missing or wrong.');
  });

  const decide = (key: string, told?: 'approved' | 'declined') => {
    const decided = ledger.decide(key, told);
    if (decided === undefined) return;
    void messenger.tell(
      webhookOf(decided.state === 'approved' ? 'charge.approved' : 'charge.declined', decided),
    );
  };
  const decideLater = ({ key, later }: Charge) => {
    if (later === undefined) return;
    const timer = setTimeout(
      () => {
        timers.delete(timer);
        decide(key);
      },
      Math.max(0, later.atMs - Date.now()),
    );
    timers.add(timer);
  };
  for (const charge of ledger.all()) decideLater(charge);

  app.put<ByKey & { Body: ChargeBody }>('/charges/:key', async (request, reply) => {
    const { key } = request.params;
    const { amountCents, currency, cardToken } = request.body;
    const is = (kind: string) => cardToken.startsWith(`tok_${kind}`);
    if (is('fail') || (is('flaky') && !failedOnce.has(key))) {
      failedOnce.add(key);
      throw new MatapaloError('internal', 'The provider failed; nothing was charged.');
    }
    const known = ledger.find(key) !== undefined;
    const charge = take(
      ledger.charge({
        key,
        amountCents,
        currency,
        state: is('delay') || is('stuck') ? 'pending' : is('decline') ? 'declined' : 'approved',
        ...(is('delay')
          ? {
              later: {
                state: is('delay_decline') ? 'declined' : 'approved',
                atMs: Date.now() + config.delayMs,
              },
            }
          : {}),
      }),
    );
    if (!known) {
      decideLater(charge);
      if (charge.state !== 'pending') {
        const told = webhookOf(charge.state === 'approved' ? 'charge.approved' : 'charge.declined', charge);
        const telling = messenger.tell(told);
        if (is('twice')) void telling.then(() => messenger.tell(told));
        if (is('early')) await Promise.race([telling, delay(2_000, undefined, { ref: false })]);
      }
      if (is('lose')) return dropConnection(request, reply);
    }
    return viewOf(charge);
  });

  app.get<ByKey>('/charges/:key', async (request) => {
    const charge = ledger.find(request.params.key);
    if (charge === undefined) throw new MatapaloError('not-found', 'No charge has this key.');
    return viewOf(charge);
  });

  app.get('/charges', async () => ({
    items: ledger.all().map((charge) => ({ ...viewOf(charge), keptCents: keptCents(charge) })),
  }));

  /** What the card's bank does in the end. */
  app.put<ByKey & { Body: { state: 'approved' | 'declined' } }>('/charges/:key/decision', async (request) => {
    const { key } = request.params;
    decide(key, request.body.state === 'approved' ? 'approved' : 'declined');
    const charge = ledger.find(key);
    if (charge === undefined) throw new MatapaloError('not-found', 'No charge has this key.');
    return viewOf(charge);
  });

  app.put<ByKey>('/charges/:key/cancellation', async (request) => {
    const outcome = ledger.cancel(request.params.key);
    const charge = take(outcome);
    if ('changed' in outcome && outcome.changed)
      void messenger.tell(webhookOf(charge.state === 'voided' ? 'charge.voided' : 'charge.refunded', charge));
    return viewOf(charge);
  });

  app.put<{
    Params: { key: string; refundKey: string };
    Body: { amountCents: number; currency: string; chargeReference: string };
  }>('/charges/:key/refunds/:refundKey', async (request) => {
    const { key, refundKey } = request.params;
    const { amountCents, currency, chargeReference } = request.body;
    // The sample data has charges that this provider never saw; their limit is not known here.
    if (ledger.find(key) === undefined && chargeReference.startsWith('sandbox-charge-'))
      ledger.adopt(key, chargeReference, Number.MAX_SAFE_INTEGER, currency);
    const charge = take(ledger.refund(key, refundKey, amountCents));
    void messenger.tell(webhookOf('charge.refunded', charge));
    return { ...viewOf(charge), refundReference: charge.refunds[refundKey]?.reference };
  });

  app.addHook('onClose', async () => {
    for (const timer of timers) clearTimeout(timer);
    await messenger.close();
  });
  return app;
}

function take(outcome: Outcome<Charge>): Charge {
  if ('conflict' in outcome) throw new MatapaloError('conflict', outcome.conflict);
  return outcome.value;
}

function viewOf(charge: Charge) {
  const { key, reference, amountCents, state } = charge;
  const cancelled = charge.refunds['cancellation']?.reference;
  return {
    key,
    reference,
    amountCents,
    state,
    refundedCents: refundedCents(charge),
    ...(cancelled === undefined ? {} : { cancellationReference: cancelled }),
  };
}

/** What a caller sees whose network broke after the provider had done its work. */
function dropConnection(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  request.raw.socket.destroy();
  return reply.hijack();
}
