import { passageOf } from '#kernel/http/passage.ts';
import { sourceOf } from '#kernel/http/json-body.ts';
import { rows } from '#kernel/db/statements.ts';
import { refuse } from '../rules/refusal.ts';
import { isSigned } from '#kernel/auth/signed-body.ts';
import type { OrdersApp, OrdersContext } from './context.ts';
import { WebhookBody, WebhookHeaders } from './schemas.ts';

/**
 * A webhook is believed to come from the provider, not to be true: it has the order taken on, and that asks the provider. So it
 * may come early, late or twice; one that was heard before does nothing any more.
 */
export function webhookRoutes(
  app: OrdersApp,
  { source, write, advance, webhookSecret }: OrdersContext,
): void {
  app.post(
    '/payments/webhooks',
    { config: { keepSource: true }, schema: { headers: WebhookHeaders, body: WebhookBody } },
    async (request, reply) => {
      if (!isSigned(webhookSecret, request.headers['payment-signature'], sourceOf(request), Date.now()))
        throw refuse('unauthorized', 'The signature is wrong, or too old.');
      const { id, type, key } = request.body;
      const isNew = await write(async (sql) => {
        const noted = await rows(
          sql,
          `insert into provider_notices (id, charge_key, type) values ($1, $2, $3)
           on conflict (id) do nothing returning id`,
          [id, key, type],
        );
        return noted.length > 0;
      });
      const orderId = Number(/^order-([1-9]\d{0,8})$/.exec(key)?.[1] ?? 0);
      const known = isNew ? await rows(source.manager, 'select from orders where id = $1', [orderId]) : [];
      if (known.length > 0) {
        try {
          await advance(passageOf(request), orderId);
        } catch (error) {
          // It was heard, and that is all that the provider wants to know; the order is taken on by the job.
          request.log.warn({ err: error, order: orderId }, 'the order cannot go on yet');
        }
      }
      return reply.code(204).send();
    },
  );
}
