import {
  answer,
  bearer,
  body,
  bodyRefusals,
  type DocumentPart,
  idSchema,
  list,
  object,
  pathId,
  pathUuid,
  ref,
  refusals,
  type Role,
  type Schema,
  text,
  timestamp,
  uuid,
} from '../http/document.ts';
import { returnStatuses } from './return-rules.ts';

const tags = ['support'];
const agents: readonly Role[] = ['agent', 'admin'];
const idOrNull: Schema = { type: ['integer', 'null'], minimum: 1, maximum: 2_147_483_647 };
const lines: Schema = {
  ...list(object({ productId: idSchema, quantity: { type: 'integer', minimum: 1, maximum: 1000 } })),
  minItems: 1,
  maxItems: 50,
};

export const returnSchemas: Record<string, Schema> = {
  Return: object({
    id: uuid,
    ticketId: idSchema,
    orderId: idSchema,
    customerId: idSchema,
    status: {
      type: 'string',
      enum: [...returnStatuses],
      description: 'An approved return is refunded, and completed once the goods are back in stock.',
    },
    lines,
    reason: { type: 'string' },
    decidedBy: { ...idOrNull, description: 'The agent.' },
    note: { type: ['string', 'null'] },
    refund: {
      oneOf: [{ type: 'null' }, object({ amount: { type: 'string' }, currency: { type: 'string' } })],
    },
    failure: { type: ['string', 'null'], description: 'The code of the problem that ended a failed return.' },
    createdAt: timestamp,
    updatedAt: timestamp,
  }),
};

const moved = { 200: answer('As it is now.', ref('Return')) };

export const returnPaths: DocumentPart['paths'] = {
  '/returns/{id}': {
    get: {
      operationId: 'getReturn',
      tags,
      summary: 'A return, for its customer and for agents',
      security: bearer,
      parameters: [pathUuid()],
      responses: { 200: answer('The return.', ref('Return')), ...refusals(401, 403, 404) },
    },
    put: {
      operationId: 'requestReturn',
      tags,
      summary: 'Ask to return pieces of the order that a ticket of the kind `return` is about',
      description:
        'Idempotent by the id, which the client chooses: 201 first, 200 the same again, 409 `return-conflict` with other ' +
        'content. Never more than was bought, less what other returns have: 409 `over-returned`. The order is shipped or ' +
        'delivered: else 409 `illegal-move`. A ticket without an order, or of another kind: 422 `not-returnable`.',
      security: bearer,
      parameters: [pathUuid()],
      requestBody: body(object({ ticketId: idSchema, lines, reason: text(1, 1000) })),
      responses: {
        200: answer('It had been noted before.', ref('Return')),
        201: answer('Noted.', ref('Return')),
        ...bodyRefusals(401, 403, 404, 409, 422),
      },
    },
  },
  '/returns/{id}/approve': {
    post: {
      operationId: 'approveReturn',
      tags,
      summary: 'Approve a return: the money goes back, and the goods into the stock; again is no error',
      description: 'What cannot be done at once is done soon: the status tells.',
      security: bearer,
      'x-roles': agents,
      parameters: [pathUuid()],
      responses: { ...moved, ...refusals(401, 403, 404, 409) },
    },
  },
  '/returns/{id}/reject': {
    post: {
      operationId: 'rejectReturn',
      tags,
      summary: 'Reject a return that is not approved; again is no error',
      security: bearer,
      'x-roles': agents,
      parameters: [pathUuid()],
      requestBody: body(object({ note: text(1, 1000) })),
      responses: { ...moved, ...bodyRefusals(401, 403, 404, 409) },
    },
  },
  '/tickets/{id}/returns': {
    get: {
      operationId: 'listReturns',
      tags,
      summary: 'The returns of a ticket, the oldest first',
      security: bearer,
      parameters: [pathId()],
      responses: {
        200: answer('The returns.', object({ items: list(ref('Return')) })),
        ...refusals(401, 403, 404),
      },
    },
  },
};
