import type { FastifyRequest } from 'fastify';
import { authorize } from '#kernel/auth/authorize.ts';
import { passageOf } from '#kernel/http/passage.ts';
import { agents, worksOnTickets } from '../rules/access.ts';
import { noOrder, refuse } from '../rules/refusal.ts';
import { orderStepsOf } from '../store/heard.ts';
import { listTickets } from '../store/list-tickets.ts';
import { findTicket, messagesOf, viewOf } from '../store/ticket-view.ts';
import { changeTicket, openTicket, writeMessage } from '../store/tickets.ts';
import { callerOf, userOf, visibleTicket, type SupportApp, type SupportContext } from './context.ts';
import { defaultLimit, MessageBody, NumericId, TicketBody, TicketPatch, TicketQuery } from './schemas.ts';

const historyLength = 20;
const timelineLength = 50;

export function ticketRoutes(app: SupportApp, context: SupportContext): void {
  const { source, write, verify, neighbours, ask } = context;
  const onRequest = authorize(verify);
  const agentsOnly = authorize(verify, agents);
  const sql = source.manager;

  app.get('/tickets', { onRequest, schema: { querystring: TicketQuery } }, async (request) => {
    const { limit = defaultLimit, ...filter } = request.query;
    if (worksOnTickets(callerOf(request))) return listTickets(sql, { ...filter, limit });
    const own = userOf(request);
    const { customerId, assigneeId, breached, ...rest } = filter;
    if (
      assigneeId !== undefined ||
      breached !== undefined ||
      (customerId !== undefined && customerId !== own)
    )
      throw refuse('forbidden', "Another's tickets are not yours to see.");
    return listTickets(sql, { ...rest, customerId: own, limit });
  });

  app.post('/tickets', { onRequest, schema: { body: TicketBody } }, async (request, reply) => {
    const customerId = userOf(request);
    const passage = passageOf(request);
    const { kind, subject, message, orderId, attachments = [] } = request.body;
    if (orderId !== undefined) {
      const order = await neighbours.order(passage, orderId);
      if (order?.userId !== customerId) throw noOrder(orderId);
    }
    const said = kind === 'question' ? await ask(passage, `${subject} ${message}`, customerId) : undefined;
    const botReply = said === undefined || said.handOver ? undefined : said.text;
    const wanted = { customerId, kind, subject, message, orderId, attachments, botReply };
    const opened = await write(async (tx) => {
      const ticket = await openTicket(tx, wanted);
      return { ...viewOf(ticket), messages: await messagesOf(tx, ticket.id) };
    });
    return reply.code(201).header('location', `/tickets/${opened.id}`).send(opened);
  });

  app.get('/tickets/:id', { onRequest, schema: { params: NumericId } }, async (request) => {
    const ticket = await visibleTicket(context, request, request.params.id);
    return { ...viewOf(ticket), messages: await messagesOf(sql, ticket.id) };
  });

  app.patch(
    '/tickets/:id',
    { onRequest: agentsOnly, schema: { params: NumericId, body: TicketPatch } },
    async (request) => {
      const { id } = request.params;
      const { assigneeId } = request.body;
      if (typeof assigneeId === 'number') await assertAgent(request, assigneeId);
      return viewOf(await write((tx) => changeTicket(tx, id, request.body)));
    },
  );

  app.get('/tickets/:id/messages', { onRequest, schema: { params: NumericId } }, async (request) => {
    const { id } = await visibleTicket(context, request, request.params.id);
    return { items: await messagesOf(sql, id) };
  });

  app.post(
    '/tickets/:id/messages',
    { onRequest, schema: { params: NumericId, body: MessageBody } },
    async (request, reply) => {
      const userId = userOf(request);
      const { id, customerId } = await visibleTicket(context, request, request.params.id);
      const { body, attachments = [] } = request.body;
      const author = customerId === userId ? 'customer' : 'agent';
      const message = await write((tx) => writeMessage(tx, id, { author, userId, body, attachments }));
      return reply.code(201).send(message);
    },
  );

  app.get(
    '/tickets/:id/customer',
    { onRequest: agentsOnly, schema: { params: NumericId } },
    async (request) => {
      const { customerId } = await findTicket(sql, request.params.id);
      const passage = passageOf(request);
      const [customer, orders, timeline] = await Promise.all([
        neighbours.user(passage, customerId),
        neighbours.ordersOf(passage, customerId, historyLength),
        orderStepsOf(sql, customerId, timelineLength),
      ]);
      if (customer === undefined) throw refuse('not-found', `There is no user ${customerId}.`);
      return { customer, orders, timeline };
    },
  );

  async function assertAgent(request: FastifyRequest, id: number): Promise<void> {
    const user = await neighbours.user(passageOf(request), id);
    if (user === undefined || !worksOnTickets(user))
      throw refuse('not-agent', `User ${id} does not work on tickets.`);
  }
}
