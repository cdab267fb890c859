import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { DataSource } from 'typeorm';
import { callerOf, userOf } from '../auth/authorise.ts';
import { unit } from '../db/unit.ts';
import { bind } from '../http/bind.ts';
import { passageOf, type Passage } from '../http/passage.ts';
import { notFound, problemType, ShopError } from '../http/problem.ts';
import type { SendMail } from '../mail/send-mail.ts';
import type { AdvanceRefund } from './advance-refund.ts';
import type { Advance } from './advance.ts';
import type { CartCookies } from './cart-owner.ts';
import type { CheckoutBody, CheckoutRequest } from './checkout.ts';
import type { InUnit } from '../ports/choose.ts';
import type { UsersPort } from '../ports/users-port.ts';
import {
  eventMoves,
  mayChangeOrder,
  seesAllOrders,
  statusOf,
  type OrderCode,
  type PostedEvent,
} from './order-rules.ts';
import { loadWork, move, noteEvent, touch } from './order-store.ts';
import { refundRoutes } from './refund-routes.ts';
import {
  historyOf,
  listOrders,
  presentOrder,
  trackingOf,
  type Order,
  type OrderFilter,
} from './read-orders.ts';

const pendingPausesMs = [100, 200, 300, 400];

interface ById {
  Params: { id: number };
}

export interface OrderParts {
  db: DataSource;
  openOrder: (passage: Passage, request: CheckoutRequest) => Promise<number>;
  advance: Advance;
  advanceRefund: AdvanceRefund;
  inUsers: InUnit<UsersPort>;
  cookies: CartCookies;
  sendMail: SendMail;
}

export function orderRoutes(
  app: FastifyInstance,
  { db, openOrder, advance, advanceRefund, inUsers, cookies, sendMail }: OrderParts,
): void {
  const sql = db.manager;

  /** The order, if the caller may know of it: that another's exists is not told. */
  async function visible(request: FastifyRequest, id: number): Promise<Order> {
    const caller = callerOf(request);
    const order = await presentOrder(sql, id);
    if (!seesAllOrders(caller) && order.userId !== caller.userId) throw notFound(`order ${id}`);
    return order;
  }

  refundRoutes(app, db, advanceRefund, visible);

  bind<{ Querystring: OrderFilter }>(app, 'listOrders', async (request) => {
    const { customerId, ...filter } = request.query;
    const caller = callerOf(request);
    if (seesAllOrders(caller)) return listOrders(sql, request.query);
    const own = userOf(request);
    if (customerId !== undefined && customerId !== own) {
      throw new ShopError('forbidden', "Another's orders are not yours to see.");
    }
    return listOrders(sql, { ...filter, customerId: own });
  });

  bind<{ Body: CheckoutBody; Headers: { 'idempotency-key': string } }>(
    app,
    'checkout',
    async (request, reply) => {
      const passage = passageOf(request);
      const id = await openOrder(passage, {
        userId: userOf(request),
        idempotencyKey: request.headers['idempotency-key'],
        guest: cookies.guestOf(request),
        body: request.body,
      });
      if (cookies.guestOf(request) !== undefined) cookies.forget(reply);
      const { answer, userId } = await advanceWithPatience(passage, id);
      if (answer === undefined)
        return reply
          .code(202)
          .header('location', `/orders/${id}`)
          .send(await presentOrder(sql, id));
      if (answer.status !== 201)
        return reply.code(answer.status).type(problemType).serializer(String).send(answer.body);
      // The answer does not wait for its mail.
      void sendMail({
        key: `order-${id}`,
        to: async () => (await inUsers(passage, (users) => users.user(userId))).email,
        subject: `Your order ${id}`,
        text: 'Thank you. Your order is confirmed.',
      });
      return reply
        .code(201)
        .header('location', `/orders/${id}`)
        .type('application/json; charset=utf-8')
        .serializer(String)
        .send(answer.body);
    },
  );

  bind<ById>(app, 'getOrder', (request) => visible(request, request.params.id));

  bind<ById>(app, 'getOrderHistory', async (request) =>
    historyOf(sql, await visible(request, request.params.id)),
  );

  bind<ById>(app, 'getTracking', async (request) =>
    trackingOf(sql, await visible(request, request.params.id)),
  );

  bind<ById & { Body: { event: PostedEvent; place: string } }>(
    app,
    'addTracking',
    async ({ params: { id }, body }) => {
      const { from, to } = eventMoves[body.event];
      const before = await trackingOf(sql, await presentOrder(sql, id));
      if (!before.events.some(({ event }) => event === body.event)) {
        const noted =
          from === to
            ? await noteInPlace(id, from, body)
            : await move(db, id, from, to, async (tx) => {
                await noteEvent(tx, id, body.event, body.place);
              });
        if (!noted) await refuse(id, `be ${body.event}`);
      }
      return trackingOf(sql, await presentOrder(sql, id));
    },
  );

  bind<ById>(app, 'cancelOrder', async (request) => {
    const order = await visible(request, request.params.id);
    if (!mayChangeOrder(callerOf(request), order.userId)) {
      throw new ShopError('forbidden', "Another's order is not yours to cancel.");
    }
    return moveAndFinish(request, order.id, ['C'], 'K', 'X', 'be cancelled');
  });

  bind<ById>(app, 'refundOrder', async (request) => {
    const order = await visible(request, request.params.id);
    return moveAndFinish(request, order.id, ['D', 'S'], 'Q', 'B', 'be refunded');
  });

  /** A payment that is decided at once is worth waiting for; a slow one is not. */
  async function advanceWithPatience(passage: Passage, id: number) {
    for (const pauseMs of pendingPausesMs) {
      const order = await advance(passage, id);
      if (order.answer !== undefined) return order;
      await delay(pauseMs);
    }
    return advance(passage, id);
  }

  /** Idempotent: an order that is on its way to the end state, or there, is no error. */
  async function moveAndFinish(
    request: FastifyRequest,
    id: number,
    from: readonly OrderCode[],
    via: OrderCode,
    end: OrderCode,
    what: string,
  ): Promise<Order> {
    for (const code of from) {
      if (await move(db, id, code, via)) break;
    }
    const { code } = await loadWork(sql, id);
    if (code !== via && code !== end) await refuse(id, what);
    await advance(passageOf(request), id);
    return presentOrder(sql, id);
  }

  const noteInPlace = (
    id: number,
    code: OrderCode,
    { event, place }: { event: PostedEvent; place: string },
  ) =>
    unit(db, async (tx) => {
      const { code: present } = await loadWork(tx, id);
      if (present !== code) return false;
      if (await noteEvent(tx, id, event, place)) await touch(tx, id, 'order.packed', { place });
      return true;
    });

  async function refuse(id: number, what: string): Promise<never> {
    const { code } = await loadWork(sql, id);
    throw new ShopError('illegal-move', `The order is ${statusOf(code)}; it cannot ${what}.`);
  }
}
