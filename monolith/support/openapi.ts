import {
  answer,
  bearer,
  bearerIfAny,
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
import { breachKinds } from './sla.ts';
import { priorities, ticketKinds, ticketStatuses } from './ticket-rules.ts';
import { returnPaths, returnSchemas } from './openapi-returns.ts';

const tags = ['support'];
const agents: readonly Role[] = ['agent', 'admin'];
const kind: Schema = { type: 'string', enum: [...ticketKinds] };
const status: Schema = { type: 'string', enum: [...ticketStatuses] };
const priority: Schema = { type: 'string', enum: [...priorities] };
const timestampOrNull: Schema = { type: ['string', 'null'], format: 'date-time' };
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
  sla: object({
    responseDueAt: timestamp,
    respondedAt: timestampOrNull,
    resolutionDueAt: timestamp,
    resolvedAt: timestampOrNull,
    pausedAt: { ...timestampOrNull, description: 'Since when it is the customer’s turn: the clock stands.' },
    breached: { ...list({ type: 'string', enum: [...breachKinds] }), description: 'What is late, or was.' },
  }),
  createdAt: timestamp,
  updatedAt: timestamp,
};

/** What a message came with; the bytes are kept elsewhere, under their hash. */
const attachment: Record<string, Schema> = {
  name: text(1, 200),
  type: { type: 'string', pattern: '^[a-z0-9.+-]{1,60}/[a-z0-9.+-]{1,80}$' },
  size: { type: 'integer', minimum: 0, maximum: 104_857_600 },
  sha256: { type: 'string', pattern: '^[0-9a-f]{64}$' },
};
const attachments: Schema = { ...list(object(attachment)), maxItems: 10 };

const schemas: Record<string, Schema> = {
  Ticket: object(ticketFields),
  Message: object({
    id: idSchema,
    author: { type: 'string', enum: ['customer', 'agent', 'bot'] },
    userId: idOrNull,
    body: { type: 'string' },
    attachments: list(object({ id: idSchema, ...attachment })),
    createdAt: timestamp,
  }),
  TicketWithMessages: object({ ...ticketFields, messages: list(ref('Message')) }),
  CustomerHistory: object({
    customer: ref('User'),
    orders: list(ref('Order')),
    timeline: {
      ...list(object({ orderId: idSchema, event: { type: 'string' }, at: timestamp })),
      description: 'What support has heard of their orders, the newest first; it may be a moment behind.',
    },
  }),
  BotAnswer: object({
    text: { type: 'string' },
    kind: { type: 'string', enum: ['article', 'order-status', 'hand-over'] },
    language: { type: 'string', enum: ['en', 'es'] },
    articleId: {
      type: ['string', 'null'],
      description: 'The article that it comes from, the same in each language.',
    },
    article: { type: ['string', 'null'], description: 'Its title.' },
    confidence: { type: 'number', minimum: 0, maximum: 1 },
    handOver: { type: 'boolean', description: 'The bot is not sure: open a ticket, a person answers.' },
  }),
  ...returnSchemas,
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
        query(
          'breached',
          { type: 'string', enum: [...breachKinds, 'any'] },
          'Those that are late with it. For agents.',
        ),
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
        object({ kind, subject: text(1, 200), message: text(1, 5000), orderId: idSchema, attachments }, [
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
      requestBody: body(object({ body: text(1, 5000), attachments }, ['body'])),
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
      description: 'In English or Spanish. Who is signed in may ask for their orders.',
      security: bearerIfAny,
      requestBody: body(object({ question: text(1, 1000) })),
      responses: { 200: answer('Its answer.', ref('BotAnswer')), ...bodyRefusals(401) },
    },
  },
  ...returnPaths,
};

export const supportDocument: DocumentPart = { paths, schemas };
