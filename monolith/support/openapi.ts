import {
  answer,
  bearer,
  body,
  bodyRefusals,
  cursor,
  type DocumentPart,
  idSchema,
  limit,
  list,
  object,
  page,
  pathId,
  query,
  ref,
  refusals,
  type Role,
  type Schema,
  text,
  timestamp,
} from '../http/document.ts';
import { priorities, ticketKinds, ticketStatuses } from './ticket-rules.ts';

const tags = ['support'];
const agents: readonly Role[] = ['agent', 'admin'];
const kind: Schema = { type: 'string', enum: [...ticketKinds] };
const status: Schema = { type: 'string', enum: [...ticketStatuses] };
const priority: Schema = { type: 'string', enum: [...priorities] };
const idOrNull: Schema = { type: ['integer', 'null'], minimum: 1, maximum: 2_147_483_647 };

const ticketFields: Record<string, Schema> = {
  id: idSchema,
  customerId: idSchema,
  orderId: idOrNull,
  kind,
  status,
  priority,
  subject: { type: 'string' },
  assigneeId: idOrNull,
  createdAt: timestamp,
  updatedAt: timestamp,
};

const schemas: Record<string, Schema> = {
  Ticket: object(ticketFields),
  Message: object({
    id: idSchema,
    author: { type: 'string', enum: ['customer', 'agent', 'bot'] },
    userId: idOrNull,
    body: { type: 'string' },
    createdAt: timestamp,
  }),
  TicketWithMessages: object({ ...ticketFields, messages: list(ref('Message')) }),
  CustomerHistory: object({ customer: ref('User'), orders: list(ref('Order')) }),
  BotAnswer: object({
    text: { type: 'string' },
    article: { type: ['string', 'null'], description: 'The title of the article that it comes from.' },
    confidence: { type: 'number', minimum: 0, maximum: 1 },
    handOver: { type: 'boolean', description: 'The bot is not sure: open a ticket, a person answers.' },
  }),
};

const paths: DocumentPart['paths'] = {
  '/tickets': {
    get: {
      operationId: 'listTickets',
      tags,
      summary: 'Tickets, the newest first: the own ones, or any for agents',
      security: bearer,
      parameters: [
        query('status', status),
        query('kind', kind),
        query('customerId', idSchema, 'For agents.'),
        query('assigneeId', idSchema, 'For agents.'),
        limit,
        cursor,
      ],
      responses: { 200: answer('A page.', page(ref('Ticket'))), ...refusals(401, 403) },
    },
    post: {
      operationId: 'openTicket',
      tags,
      summary: 'Open a ticket; the bot answers a question that it knows, else an agent does',
      security: bearer,
      requestBody: body(
        object({ kind, subject: text(1, 200), message: text(1, 5000), orderId: idSchema }, [
          'kind',
          'subject',
          'message',
        ]),
      ),
      responses: {
        201: {
          ...answer('Opened.', ref('TicketWithMessages')),
          headers: { location: { schema: { type: 'string' } } },
        },
        ...bodyRefusals(401, 403, 404),
      },
    },
  },
  '/tickets/{id}': {
    get: {
      operationId: 'getTicket',
      tags,
      summary: 'A ticket with its messages',
      security: bearer,
      parameters: [pathId()],
      responses: { 200: answer('The ticket.', ref('TicketWithMessages')), ...refusals(401, 403, 404) },
    },
    patch: {
      operationId: 'updateTicket',
      tags,
      summary: 'Move, prioritise or assign a ticket',
      description:
        'A move that the state does not allow: 409 `illegal-move`. The assignee is an agent: else 422 `not-agent`.',
      security: bearer,
      'x-roles': agents,
      parameters: [pathId()],
      requestBody: body({ ...object({ status, priority, assigneeId: idOrNull }, []), minProperties: 1 }),
      responses: {
        200: answer('The ticket as it is now.', ref('Ticket')),
        ...bodyRefusals(401, 403, 404, 409, 422),
      },
    },
  },
  '/tickets/{id}/messages': {
    get: {
      operationId: 'listMessages',
      tags,
      summary: 'The messages of a ticket, oldest first',
      security: bearer,
      parameters: [pathId()],
      responses: {
        200: answer('The messages.', object({ items: list(ref('Message')) })),
        ...refusals(401, 403, 404),
      },
    },
    post: {
      operationId: 'writeMessage',
      tags,
      summary: 'Write on a ticket; a closed one takes nothing more (409)',
      security: bearer,
      parameters: [pathId()],
      requestBody: body(object({ body: text(1, 5000) })),
      responses: { 201: answer('Written.', ref('Message')), ...bodyRefusals(401, 403, 404, 409) },
    },
  },
  '/tickets/{id}/customer': {
    get: {
      operationId: 'getCustomerHistory',
      tags,
      summary: 'Who the customer of a ticket is, and what they ordered lately',
      security: bearer,
      'x-roles': agents,
      parameters: [pathId()],
      responses: { 200: answer('The customer.', ref('CustomerHistory')), ...refusals(401, 403, 404) },
    },
  },
  '/support/bot': {
    post: {
      operationId: 'askBot',
      tags,
      summary: 'Ask the bot, without a ticket',
      requestBody: body(object({ question: text(1, 1000) })),
      responses: { 200: answer('Its answer.', ref('BotAnswer')), ...bodyRefusals() },
    },
  },
};

export const supportDocument: DocumentPart = { paths, schemas };
