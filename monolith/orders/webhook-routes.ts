import type { FastifyInstance } from 'fastify';
import type { DataSource } from 'typeorm';
import type { Tokens } from '../auth/tokens.ts';
import { row, rows } from '../db/sql.ts';
import { unit } from '../db/unit.ts';
import { bind } from '../http/bind.ts';
import { passageOf } from '../http/passage.ts';
import { ShopError } from '../http/problem.ts';
import { sourceOf } from '../http/read-json.ts';
import type { Advance } from './advance.ts';
import { actFor } from './resume.ts';
import { isSigned } from '../http/signed-body.ts';

interface Webhook {
  id: string;
  type: string;
  key: string;
}

export interface WebhookParts {
  db: DataSource;
  advance: Advance;
  tokens: Tokens;
  secret: string;
}

/**
 * A webhook is believed to come from the provider, not to be true: it has the order taken on, and that asks the provider. So it
 * may come early, late or twice; one that was heard before does nothing any more.
 */
export function webhookRoutes(app: FastifyInstance, { db, advance, tokens, secret }: WebhookParts): void {
  bind<{ Body: Webhook; Headers: { 'payment-signature': string } }>(
    app,
    'paymentWebhook',
    async (request, reply) => {
      if (!isSigned(secret, request.headers['payment-signature'], sourceOf(request), Date.now()))
        throw new ShopError('unauthorized', 'The signature is wrong, or too old.');
      const { id, type, key } = request.body;
      const isNew = await unit(db, async (tx) => {
        const noted = await rows(
          tx,
          `insert into pay_evt (evt_id, pay_key, evt_cd) values ($1, $2, $3)
           on conflict (evt_id) do nothing returning evt_id`,
          [id, key, type],
        );
        return noted.length > 0;
      });
      const orderId = Number(/^order-([1-9]\d{0,8})$/.exec(key)?.[1] ?? 0);
      const order = isNew
        ? await row<{ userId: number }>(db.manager, 'select usr_id as "userId" from ord where ord_id = $1', [
            orderId,
          ])
        : undefined;
      if (order !== undefined) {
        try {
          await advance(await actFor(tokens, order.userId, passageOf(request)), orderId);
        } catch (error) {
          // It was heard, and that is all that the provider wants to know; the order is taken on by the job.
          request.log.warn({ err: error, order: orderId }, 'the order cannot go on yet');
        }
      }
      return reply.code(204).send();
    },
  );
}
