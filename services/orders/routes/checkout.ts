import { setTimeout as delay } from 'node:timers/promises';
import { authorize } from '#kernel/auth/authorize.ts';
import { passageOf, type Passage } from '#kernel/http/passage.ts';
import { problemType } from '#kernel/http/problem.ts';
import { viewOrder } from '../store/order-view.ts';
import { userOf, type OrdersApp, type OrdersContext } from './context.ts';
import { CheckoutSchema, IdempotencyKey } from './schemas.ts';

const pendingPausesMs = [100, 200, 300, 400];

export function checkoutRoutes(app: OrdersApp, context: OrdersContext): void {
  const { source, verify, cookies, openOrder, advance, neighbours, sendMail } = context;

  /** A payment that is decided at once is worth waiting for; a slow one is not. */
  async function advanceWithPatience(passage: Passage, id: number) {
    for (const pauseMs of pendingPausesMs) {
      const order = await advance(passage, id);
      if (order.answer !== undefined) return order;
      await delay(pauseMs);
    }
    return advance(passage, id);
  }

  /** The answer does not wait for its mail, and does not fail with it. */
  async function mail(passage: Passage, id: number, userId: number): Promise<void> {
    const { email } = await neighbours.user(passage, userId);
    const text = 'Thank you. Your order is confirmed.';
    await sendMail({ key: `order-${id}`, to: email, subject: `Your order ${id}`, text });
  }

  app.post(
    '/orders',
    { onRequest: authorize(verify), schema: { headers: IdempotencyKey, body: CheckoutSchema } },
    async (request, reply) => {
      const passage = passageOf(request);
      const guest = cookies.guestOf(request);
      const id = await openOrder(passage, {
        userId: userOf(request),
        idempotencyKey: request.headers['idempotency-key'],
        guest,
        body: request.body,
      });
      if (guest !== undefined) cookies.forget(reply);
      const { answer, userId } = await advanceWithPatience(passage, id);
      if (answer === undefined)
        return reply
          .code(202)
          .header('location', `/orders/${id}`)
          .send(await viewOrder(source.manager, id));
      if (answer.status !== 201)
        return reply.code(answer.status).type(problemType).serializer(String).send(answer.body);
      mail(passage, id, userId).catch((error: unknown) =>
        request.log.warn({ err: error, order: id }, 'the mail was not sent'),
      );
      return reply
        .code(201)
        .header('location', `/orders/${id}`)
        .type('application/json; charset=utf-8')
        .serializer(String)
        .send(answer.body);
    },
  );
}
