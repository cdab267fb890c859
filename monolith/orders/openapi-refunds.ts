import {
  answer,
  bearer,
  body,
  bodyRefusals,
  type DocumentPart,
  idSchema,
  list,
  object,
  type Parameter,
  pathId,
  ref,
  refusals,
  type Schema,
  text,
  timestamp,
} from '../http/document.ts';
import { refundStatuses } from './refund-rules.ts';

const tags = ['orders'];
const quantity: Schema = { type: 'integer', minimum: 1, maximum: 1000 };
const money = object({ amount: { type: 'string' }, currency: { type: 'string' } });

export const idempotencyKey: Parameter = {
  name: 'Idempotency-Key',
  in: 'header',
  required: true,
  schema: { type: 'string', pattern: '^[\\x21-\\x7e]{1,100}$' },
};

const schemas: Record<string, Schema> = {
  Refund: object({
    id: idSchema,
    orderId: idSchema,
    status: {
      type: 'string',
      enum: [...refundStatuses],
      description:
        '`pending`: nothing has happened yet. `paid`: the money is back. `done`: the goods are, too.',
    },
    amount: money,
    reason: { type: 'string' },
    lines: list(object({ productId: idSchema, quantity, amount: money, restock: { type: 'boolean' } })),
    createdAt: timestamp,
    updatedAt: timestamp,
  }),
};

const paths: DocumentPart['paths'] = {
  '/orders/{id}/refunds': {
    get: {
      operationId: 'listRefunds',
      tags,
      summary: 'What was given back of an order by lines, the oldest first',
      security: bearer,
      parameters: [pathId()],
      responses: {
        200: answer('The refunds.', object({ items: list(ref('Refund')) })),
        ...refusals(401, 403, 404),
      },
    },
    post: {
      operationId: 'refundLines',
      tags,
      summary: 'Give the money of some lines of a shipped order back',
      description:
        'Each piece is paid back at the price that it was bought for, and never twice: 409 `refund-exceeds` when less of ' +
        'the line is left. With `restock` the goods go back into the stock. The same key with the same body gives ' +
        'the same refund, however often it is sent; with another body 422 `idempotency-key-reused`. After a 503 send the same ' +
        'request again: it goes on where it stopped, and does so by itself.',
      security: bearer,
      'x-roles': ['manager', 'admin'],
      'x-scopes': ['orders:refund'],
      parameters: [pathId(), idempotencyKey],
      requestBody: body(
        object({
          reason: text(1, 200),
          lines: {
            ...list(
              object({ productId: idSchema, quantity, restock: { type: 'boolean' } }, [
                'productId',
                'quantity',
              ]),
            ),
            minItems: 1,
            maxItems: 50,
          },
        }),
      ),
      responses: { 201: answer('Given back.', ref('Refund')), ...bodyRefusals(401, 403, 404, 409, 422) },
    },
  },
};

export const refundsDocument: DocumentPart = { paths, schemas };
