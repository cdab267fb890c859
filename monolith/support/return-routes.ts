import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { DataSource } from 'typeorm';
import { callerOf, userOf } from '../auth/authorise.ts';
import { bind } from '../http/bind.ts';
import { passageOf } from '../http/passage.ts';
import { notFound, ShopError } from '../http/problem.ts';
import type { Ports } from '../ports/ports.ts';
import type { ReturnLine, ReturnStatus } from './return-rules.ts';
import {
  findReturn,
  moveReturn,
  presentReturn,
  requestReturn,
  returnsOf,
  sameAgain,
  type Return,
} from './returns.ts';
import type { SettleReturn } from './settle-return.ts';
import { worksOnTickets } from './ticket-rules.ts';
import { visibleTicket } from './visible-ticket.ts';

interface ById {
  Params: { id: string };
}

interface ReturnBody {
  ticketId: number;
  lines: ReturnLine[];
  reason: string;
}

export function returnRoutes(
  app: FastifyInstance,
  db: DataSource,
  { inOrders }: Ports,
  settleReturn: SettleReturn,
): void {
  const sql = db.manager;

  /** The return, if the caller may know of it: that another's exists is not told. */
  async function visible(request: FastifyRequest, id: string): Promise<Return> {
    const caller = callerOf(request);
    const found = await presentReturn(sql, id);
    if (!worksOnTickets(caller) && found.customerId !== caller.userId) throw notFound(`return ${id}`);
    return found;
  }

  bind<ById & { Body: ReturnBody }>(app, 'requestReturn', async (request, reply) => {
    userOf(request);
    const id = request.params.id.toLowerCase();
    const { ticketId, lines, reason } = request.body;
    if (new Set(lines.map(({ productId }) => productId)).size < lines.length)
      throw new ShopError('bad-request', 'A product is named twice; add the quantities up.');
    const { kind, orderId, customerId } = await visibleTicket(sql, callerOf(request), ticketId);
    const before = await findReturn(sql, id);
    if (kind !== 'return' || orderId === null)
      throw new ShopError(
        'not-returnable',
        'A return needs a ticket of the kind `return` that names an order.',
      );
    const wanted = { id, ticketId, orderId, customerId, lines, reason };
    if (before !== undefined) return reply.code(200).send(sameAgain(before, wanted));
    const order = await inOrders(passageOf(request), (orders) => orders.order(orderId));
    if (order.status !== 'shipped' && order.status !== 'delivered')
      throw new ShopError('illegal-move', `The order is ${order.status}; nothing of it can be returned.`);
    const noted = await requestReturn(db, { ...wanted, bought: order.lines });
    return reply.code(noted.first ? 201 : 200).send(noted.request);
  });

  bind<ById>(app, 'getReturn', (request) => visible(request, request.params.id));

  bind<{ Params: { id: number } }>(app, 'listReturns', async (request) => {
    const ticket = await visibleTicket(sql, callerOf(request), request.params.id);
    return { items: await returnsOf(sql, ticket.id) };
  });

  /** Decided once; the same decision again is no error. */
  async function decide(request: FastifyRequest, id: string, to: 'approved' | 'rejected', note?: string) {
    const done: readonly ReturnStatus[] =
      to === 'approved' ? ['approved', 'refunded', 'completed', 'failed'] : ['rejected'];
    if (await moveReturn(db, id, 'requested', to, { decidedBy: userOf(request), note })) return;
    const { status } = await presentReturn(sql, id);
    if (!done.includes(status))
      throw new ShopError('illegal-move', `The return is ${status}; it cannot be ${to}.`);
  }

  bind<ById>(app, 'approveReturn', async (request) => {
    const { id } = request.params;
    await decide(request, id, 'approved');
    try {
      return await settleReturn(passageOf(request), id);
    } catch (error) {
      // The approval stands; the job takes it to its end when the others are back.
      if (!(error instanceof ShopError) || error.code !== 'unavailable') throw error;
      return presentReturn(sql, id);
    }
  });

  bind<ById & { Body: { note: string } }>(app, 'rejectReturn', async (request) => {
    const { id } = request.params;
    await decide(request, id, 'rejected', request.body.note);
    return presentReturn(sql, id);
  });
}
