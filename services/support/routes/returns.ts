import type { FastifyRequest } from 'fastify';
import { authorize } from '#kernel/auth/authorize.ts';
import { passageOf } from '#kernel/http/passage.ts';
import { agents, maySee } from '../rules/access.ts';
import { noOrder, noReturn, refuse, refusedWith } from '../rules/refusal.ts';
import type { ReturnStatus } from '../rules/return.ts';
import { findReturn, moveReturn, requestReturn, returnsOf, sameAgain, viewReturn } from '../store/returns.ts';
import { callerOf, userOf, visibleTicket, type SupportApp, type SupportContext } from './context.ts';
import { NumericId, RejectBody, ReturnBody, UuidId } from './schemas.ts';

export function returnRoutes(app: SupportApp, context: SupportContext): void {
  const { source, write, verify, neighbours, settleReturn } = context;
  const onRequest = authorize(verify);
  const agentsOnly = authorize(verify, agents);
  const sql = source.manager;

  app.put(
    '/returns/:id',
    { onRequest, schema: { params: UuidId, body: ReturnBody } },
    async (request, reply) => {
      userOf(request);
      const id = request.params.id.toLowerCase();
      const { ticketId, lines, reason } = request.body;
      if (new Set(lines.map(({ productId }) => productId)).size < lines.length)
        throw refuse('bad-request', 'A product is named twice; add the quantities up.');
      const { kind, orderId, customerId } = await visibleTicket(context, request, ticketId);
      if (kind !== 'return' || orderId === null)
        throw refuse('not-returnable', 'A return needs a ticket of the kind `return` that names an order.');
      const wanted = { id, ticketId, orderId, customerId, lines, reason };
      const before = await findReturn(sql, id);
      if (before !== undefined) return reply.code(200).send(sameAgain(before, wanted));
      const order = await neighbours.order(passageOf(request), orderId);
      if (order === undefined) throw noOrder(orderId);
      if (order.status !== 'shipped' && order.status !== 'delivered')
        throw refuse('illegal-move', `The order is ${order.status}; nothing of it can be returned.`);
      const noted = await write((tx) => requestReturn(tx, wanted, order.lines));
      return reply.code(noted.first ? 201 : 200).send(noted.request);
    },
  );

  app.get('/returns/:id', { onRequest, schema: { params: UuidId } }, async (request) => {
    const found = await viewReturn(sql, request.params.id);
    if (!maySee(callerOf(request), found.customerId)) throw noReturn(request.params.id);
    return found;
  });

  app.get('/tickets/:id/returns', { onRequest, schema: { params: NumericId } }, async (request) => {
    const { id } = await visibleTicket(context, request, request.params.id);
    return { items: await returnsOf(sql, id) };
  });

  /** Decided once; the same decision again is no error. */
  async function decide(request: FastifyRequest, id: string, to: 'approved' | 'rejected', note?: string) {
    const done: readonly ReturnStatus[] =
      to === 'approved' ? ['approved', 'refunded', 'completed', 'failed'] : ['rejected'];
    const decision = { decidedBy: userOf(request), note };
    if (await write((tx) => moveReturn(tx, id, 'requested', to, decision))) return;
    const { status } = await viewReturn(sql, id);
    if (!done.includes(status)) throw refuse('illegal-move', `The return is ${status}; it cannot be ${to}.`);
  }

  app.post('/returns/:id/approve', { onRequest: agentsOnly, schema: { params: UuidId } }, async (request) => {
    const { id } = request.params;
    await decide(request, id, 'approved');
    try {
      return await settleReturn(passageOf(request), id);
    } catch (error) {
      // The approval stands; the job takes it to its end when the others are back.
      if (!refusedWith(error, 'unavailable')) throw error;
      return viewReturn(sql, id);
    }
  });

  app.post(
    '/returns/:id/reject',
    { onRequest: agentsOnly, schema: { params: UuidId, body: RejectBody } },
    async (request) => {
      const { id } = request.params;
      await decide(request, id, 'rejected', request.body.note);
      return viewReturn(sql, id);
    },
  );
}
