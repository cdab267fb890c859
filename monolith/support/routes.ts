import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { DataSource } from 'typeorm';
import { callerOf, userOf } from '../auth/authorise.ts';
import { bind } from '../http/bind.ts';
import { passageOf } from '../http/passage.ts';
import { notFound, ShopError } from '../http/problem.ts';
import type { Ports } from '../ports/ports.ts';
import { createAsk } from './bot/ask.ts';
import { orderStepsOf } from './heard.ts';
import { listTickets, type TicketFilter } from './list-tickets.ts';
import { worksOnTickets, type TicketKind } from './ticket-rules.ts';
import { messagesOf, presentTicket } from './ticket-view.ts';
import { changeTicket, openTicket, writeMessage, type NewAttachment, type TicketChange } from './tickets.ts';
import { visibleTicket } from './visible-ticket.ts';

interface ById {
  Params: { id: number };
}

interface OpenBody {
  kind: TicketKind;
  subject: string;
  message: string;
  orderId?: number;
  attachments?: NewAttachment[];
}

const historyLength = 20;
const timelineLength = 50;

export function supportRoutes(app: FastifyInstance, db: DataSource, { inOrders, inUsers }: Ports): void {
  const sql = db.manager;
  const ask = createAsk(sql, inOrders);
  const visible = (request: FastifyRequest, id: number) => visibleTicket(sql, callerOf(request), id);

  bind<{ Querystring: TicketFilter }>(app, 'listTickets', async (request) => {
    if (worksOnTickets(callerOf(request))) return listTickets(sql, request.query);
    const own = userOf(request);
    const { customerId, assigneeId, breached, ...filter } = request.query;
    if (
      assigneeId !== undefined ||
      breached !== undefined ||
      (customerId !== undefined && customerId !== own)
    ) {
      throw new ShopError('forbidden', "Another's tickets are not yours to see.");
    }
    return listTickets(sql, { ...filter, customerId: own });
  });

  bind<{ Body: OpenBody }>(app, 'openTicket', async (request, reply) => {
    const customerId = userOf(request);
    const { kind, subject, message, orderId, attachments = [] } = request.body;
    if (orderId !== undefined) {
      const order = await inOrders(passageOf(request), (orders) => orders.order(orderId));
      if (order.userId !== customerId) throw notFound(`order ${orderId}`);
    }
    const said =
      kind === 'question' ? await ask(passageOf(request), `${subject} ${message}`, customerId) : undefined;
    const botReply = said === undefined || said.handOver ? undefined : said.text;
    const ticket = await openTicket(db, {
      customerId,
      kind,
      subject,
      message,
      orderId,
      attachments,
      botReply,
    });
    const messages = await messagesOf(sql, ticket.id);
    return reply
      .code(201)
      .header('location', `/tickets/${ticket.id}`)
      .send({ ...ticket, messages });
  });

  bind<ById>(app, 'getTicket', async (request) => {
    const ticket = await visible(request, request.params.id);
    return { ...ticket, messages: await messagesOf(sql, ticket.id) };
  });

  bind<ById & { Body: TicketChange }>(app, 'updateTicket', async (request) => {
    const { assigneeId } = request.body;
    if (typeof assigneeId === 'number') await assertAgent(request, assigneeId);
    return changeTicket(db, request.params.id, request.body);
  });

  bind<ById>(app, 'listMessages', async (request) => {
    const ticket = await visible(request, request.params.id);
    return { items: await messagesOf(sql, ticket.id) };
  });

  bind<ById & { Body: { body: string; attachments?: NewAttachment[] } }>(
    app,
    'writeMessage',
    async (request, reply) => {
      const userId = userOf(request);
      const ticket = await visible(request, request.params.id);
      const author = ticket.customerId === userId ? 'customer' : 'agent';
      const { body, attachments = [] } = request.body;
      const message = await writeMessage(db, ticket.id, { author, userId, body, attachments });
      return reply.code(201).send(message);
    },
  );

  bind<ById>(app, 'getCustomerHistory', async (request) => {
    const { customerId } = await presentTicket(sql, request.params.id);
    const passage = passageOf(request);
    const [customer, orders, timeline] = await Promise.all([
      inUsers(passage, (users) => users.user(customerId)),
      inOrders(passage, (port) => port.ordersOf(customerId, historyLength)),
      orderStepsOf(sql, customerId, timelineLength),
    ]);
    return { customer, orders, timeline };
  });

  bind<{ Body: { question: string } }>(app, 'askBot', (request) =>
    ask(passageOf(request), request.body.question, request.caller?.userId),
  );

  async function assertAgent(request: FastifyRequest, id: number): Promise<void> {
    const isAgent = await inUsers(passageOf(request), (users) => users.user(id)).then(
      ({ roles }) => roles.includes('agent') || roles.includes('admin'),
      (error: unknown) => {
        if (error instanceof ShopError && error.code === 'not-found') return false;
        throw error;
      },
    );
    if (!isAgent) throw new ShopError('not-agent', `User ${id} does not work on tickets.`);
  }
}
