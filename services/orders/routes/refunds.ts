import { authorize } from '#kernel/auth/authorize.ts';
import { passageOf } from '#kernel/http/passage.ts';
import { refunders } from '../rules/access.ts';
import { listRefunds, openRefund, viewRefund } from '../store/refunds.ts';
import { visible, type OrdersApp, type OrdersContext } from './context.ts';
import { IdempotencyKey, OrderId, RefundBody } from './schemas.ts';

export function refundRoutes(app: OrdersApp, context: OrdersContext): void {
  const { source, write, verify, advanceRefund } = context;

  app.get(
    '/orders/:id/refunds',
    { onRequest: authorize(verify), schema: { params: OrderId } },
    async (request) => {
      const { id } = await visible(context, request, request.params.id);
      return { items: await listRefunds(source.manager, id) };
    },
  );

  app.post(
    '/orders/:id/refunds',
    {
      onRequest: authorize(verify, refunders, ['orders:refund']),
      schema: { params: OrderId, headers: IdempotencyKey, body: RefundBody },
    },
    async (request, reply) => {
      const asked = {
        orderId: request.params.id,
        idempotencyKey: request.headers['idempotency-key'],
        body: request.body,
      };
      const opened = await write((sql) => openRefund(sql, asked));
      return reply.code(201).send(viewRefund(await advanceRefund(passageOf(request), opened)));
    },
  );
}
