import type { FastifyRequest } from 'fastify';
import { authorize } from '#kernel/auth/authorize.ts';
import { passageOf } from '#kernel/http/passage.ts';
import { mayChangeOrder, refunders, seesAllOrders, trackers } from '../rules/access.ts';
import { eventMoves, statusOf, type OrderState, type ParcelEvent } from '../rules/order.ts';
import { refuse } from '../rules/refusal.ts';
import { historyOf, listOrders, trackingOf, viewOrder, type OrderView } from '../store/order-view.ts';
import { loadWork, move, noteParcel, touch } from '../store/order-work.ts';
import { callerOf, userOf, visible, type OrdersApp, type OrdersContext } from './context.ts';
import { defaultLimit, OrderId, OrderQuery, TrackingBody } from './schemas.ts';

export function orderRoutes(app: OrdersApp, context: OrdersContext): void {
  const { source, write, verify, advance } = context;
  const sql = source.manager;
  const onRequest = authorize(verify);

  app.get('/orders', { onRequest, schema: { querystring: OrderQuery } }, async (request) => {
    const { limit = defaultLimit, ...query } = request.query;
    if (seesAllOrders(callerOf(request))) return listOrders(sql, { ...query, limit });
    const own = userOf(request);
    if (query.customerId !== undefined && query.customerId !== own)
      throw refuse('forbidden', "Another's orders are not yours to see.");
    return listOrders(sql, { ...query, limit, customerId: own });
  });

  app.get('/orders/:id', { onRequest, schema: { params: OrderId } }, (request) =>
    visible(context, request, request.params.id),
  );

  app.get('/orders/:id/history', { onRequest, schema: { params: OrderId } }, async (request) =>
    historyOf(sql, await visible(context, request, request.params.id)),
  );

  app.get('/orders/:id/tracking', { onRequest, schema: { params: OrderId } }, async (request) =>
    trackingOf(sql, await visible(context, request, request.params.id)),
  );

  app.post(
    '/orders/:id/tracking',
    { onRequest: authorize(verify, trackers), schema: { params: OrderId, body: TrackingBody } },
    async ({ params: { id }, body: { event, place } }) => {
      const { from, to } = eventMoves[event];
      const before = await trackingOf(sql, await viewOrder(sql, id));
      if (!before.events.some((seen) => seen.event === event)) {
        const noted =
          from === to
            ? await noteInPlace(id, from, event, place)
            : await move(write, id, from, to, (tx) => noteParcel(tx, id, event, place));
        if (!noted) await refuseMove(id, `be ${event}`);
      }
      return trackingOf(sql, await viewOrder(sql, id));
    },
  );

  app.post('/orders/:id/cancel', { onRequest, schema: { params: OrderId } }, async (request) => {
    const order = await visible(context, request, request.params.id);
    if (!mayChangeOrder(callerOf(request), order.userId))
      throw refuse('forbidden', "Another's order is not yours to cancel.");
    return moveAndFinish(request, order.id, ['confirmed'], 'cancelling', 'cancelled', 'be cancelled');
  });

  app.post(
    '/orders/:id/refund',
    { onRequest: authorize(verify, refunders), schema: { params: OrderId } },
    async (request) => {
      const { id } = await visible(context, request, request.params.id);
      return moveAndFinish(request, id, ['delivered', 'shipped'], 'refunding', 'refunded', 'be refunded');
    },
  );

  /** Idempotent: an order that is on its way to the end state, or there, is no error. */
  async function moveAndFinish(
    request: FastifyRequest,
    id: number,
    from: readonly OrderState[],
    via: OrderState,
    end: OrderState,
    what: string,
  ): Promise<OrderView> {
    for (const state of from) {
      if (await move(write, id, state, via)) break;
    }
    const { state } = await loadWork(sql, id);
    if (state !== via && state !== end) await refuseMove(id, what);
    await advance(passageOf(request), id);
    return viewOrder(sql, id);
  }

  const noteInPlace = (id: number, state: OrderState, event: ParcelEvent, place: string) =>
    write(async (tx) => {
      const { state: present } = await loadWork(tx, id);
      if (present !== state) return false;
      if (await noteParcel(tx, id, event, place)) await touch(tx, id, 'order.packed', { place });
      return true;
    });

  async function refuseMove(id: number, what: string): Promise<never> {
    const { state } = await loadWork(sql, id);
    throw refuse('illegal-move', `The order is ${statusOf(state)}; it cannot ${what}.`);
  }
}
