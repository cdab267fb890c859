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
  type Schema,
  text,
  timestamp,
} from '../http/document.ts';
import { idempotencyKey, refundsDocument } from './openapi-refunds.ts';
import { paymentsDocument } from './openapi-payments.ts';
import { orderStatuses, orderSteps, postedEvents, trackingEvents } from './order-rules.ts';

const tags = ['orders'];
const quantity: Schema = { type: 'integer', minimum: 1, maximum: 1000 };
const money = object({ amount: { type: 'string' }, currency: { type: 'string' } });
const status: Schema = { type: 'string', enum: [...orderStatuses] };
const cartLine = object({ productId: idSchema, quantity });
const cartAnswer = { 200: answer('The cart as it is now.', ref('Cart')) };
const guests =
  'A guest without a token gets a signed cookie that names the cart. With a token and that cookie, the first change takes what ' +
  'the guest had put together into the customer’s cart.';
const item = { name: 'productId', in: 'path', required: true, schema: idSchema } as const;

const schemas: Record<string, Schema> = {
  Cart: object({
    items: list(
      object({
        productId: idSchema,
        quantity,
        name: { type: 'string' },
        price: money,
        available: {
          type: 'integer',
          description: 'What could be ordered now; 0 for what is not sold any more.',
        },
      }),
    ),
    total: money,
  }),
  Order: object({
    id: idSchema,
    userId: idSchema,
    status,
    total: money,
    lines: list(object({ productId: idSchema, name: { type: 'string' }, quantity, price: money })),
    shipping: object({ name: { type: 'string' }, address: { type: 'string' } }),
    payment: { type: 'string', enum: ['none', 'charged', 'partly-refunded', 'refunded'] },
    refunded: { ...money, description: 'How much of the money has gone back.' },
    failure: { type: ['string', 'null'], description: 'The code of the problem that ended a failed order.' },
    createdAt: timestamp,
    updatedAt: timestamp,
  }),
  OrderHistory: object({
    orderId: idSchema,
    status,
    steps: list(
      object({
        step: { type: 'string', enum: [...orderSteps] },
        status,
        reason: { type: 'string', description: 'The code of the problem that led here; empty without one.' },
        at: timestamp,
      }),
    ),
  }),
  Tracking: object({
    orderId: idSchema,
    status,
    events: list(
      object({
        event: { type: 'string', enum: [...trackingEvents] },
        place: { type: 'string' },
        at: timestamp,
      }),
    ),
  }),
};

const paths: DocumentPart['paths'] = {
  '/cart': {
    get: {
      operationId: 'getCart',
      tags,
      summary: "The caller's cart, at today's prices: a customer's by the token, a guest's by the cookie",
      security: bearerIfAny,
      responses: { ...cartAnswer, ...refusals(401, 403) },
    },
    put: {
      operationId: 'putCart',
      tags,
      summary: 'Replace the cart',
      description: guests,
      security: bearerIfAny,
      requestBody: body(object({ items: { ...list(cartLine), maxItems: 50 } })),
      responses: { ...cartAnswer, ...bodyRefusals(401, 403, 422) },
    },
  },
  '/cart/items/{productId}': {
    put: {
      operationId: 'putCartItem',
      tags,
      summary: 'Set the quantity of one product in the cart',
      description: guests,
      security: bearerIfAny,
      parameters: [item],
      requestBody: body(object({ quantity })),
      responses: { ...cartAnswer, ...bodyRefusals(401, 403, 422) },
    },
    delete: {
      operationId: 'deleteCartItem',
      tags,
      summary: 'Take one product out of the cart; again is no error',
      security: bearerIfAny,
      parameters: [item],
      responses: { ...cartAnswer, ...refusals(401, 403) },
    },
  },
  '/orders': {
    get: {
      operationId: 'listOrders',
      tags,
      summary: 'Orders, the newest first: the own ones, or any for staff',
      security: bearer,
      parameters: [
        query('status', status),
        query('customerId', idSchema, 'For staff.'),
        query('from', timestamp, 'Placed then or later.'),
        query('to', timestamp, 'Placed before then.'),
        query('q', text(1, 100), 'A part of a product’s name, as it was ordered.'),
        limit,
        cursor,
      ],
      responses: { 200: answer('A page.', page(ref('Order'))), ...refusals(401, 403) },
    },
    post: {
      operationId: 'checkout',
      tags,
      summary: 'Order what is in the cart',
      description:
        'Verifies the buyer, reserves the goods, charges the card and confirms. The same key with the same body gives the same answer, however ' +
        'often it is sent; with another body 422 `idempotency-key-reused`. A failed order gives back what it held, and ' +
        'the cart. After a 503 send the same request again: it goes on where it stopped. In the sandbox, card tokens that ' +
        'begin with `tok_decline` are declined.',
      security: bearer,
      parameters: [idempotencyKey],
      requestBody: body(
        object({
          payment: object({ cardToken: { type: 'string', pattern: '^tok_[a-zA-Z0-9_]{1,60}$' } }),
          shipping: object({ name: text(1, 200), address: text(1, 500) }),
        }),
      ),
      responses: {
        202: {
          ...answer(
            'Placed, and not paid yet: the payment is being decided. The order is confirmed, or fails, by itself; the same ' +
              'request again tells.',
            ref('Order'),
          ),
          headers: { location: { schema: { type: 'string' } } },
        },
        201: { ...answer('Confirmed.', ref('Order')), headers: { location: { schema: { type: 'string' } } } },
        ...bodyRefusals(401, 402, 403, 409, 422),
      },
    },
  },
  '/orders/{id}': {
    get: {
      operationId: 'getOrder',
      tags,
      summary: 'One order; another customer’s does not exist for the caller',
      security: bearer,
      parameters: [pathId()],
      responses: { 200: answer('The order.', ref('Order')), ...refusals(401, 403, 404) },
    },
  },
  '/orders/{id}/history': {
    get: {
      operationId: 'getOrderHistory',
      tags,
      summary: 'Through which steps an order went, and when',
      security: bearer,
      parameters: [pathId()],
      responses: { 200: answer('The steps, oldest first.', ref('OrderHistory')), ...refusals(401, 403, 404) },
    },
  },
  '/orders/{id}/tracking': {
    get: {
      operationId: 'getTracking',
      tags,
      summary: 'Where the parcel is',
      security: bearer,
      parameters: [pathId()],
      responses: { 200: answer('The events, oldest first.', ref('Tracking')), ...refusals(401, 403, 404) },
    },
    post: {
      operationId: 'addTracking',
      tags,
      summary: 'Note an event of the parcel; the same again is no error',
      security: bearer,
      'x-roles': ['agent', 'manager', 'admin'],
      parameters: [pathId()],
      requestBody: body(object({ event: { type: 'string', enum: [...postedEvents] }, place: text(0, 200) })),
      responses: { 200: answer('The events.', ref('Tracking')), ...bodyRefusals(401, 403, 404, 409) },
    },
  },
  '/orders/{id}/cancel': {
    post: {
      operationId: 'cancelOrder',
      tags,
      summary: 'Cancel an order that is not shipped: the money and the goods go back',
      security: bearer,
      parameters: [pathId()],
      responses: { 200: answer('Cancelled.', ref('Order')), ...refusals(401, 403, 404, 409) },
    },
  },
  '/orders/{id}/refund': {
    post: {
      operationId: 'refundOrder',
      tags,
      summary: 'Give the money of a shipped order back, all that is left of it',
      security: bearer,
      'x-roles': ['manager', 'admin'],
      parameters: [pathId()],
      responses: { 200: answer('Refunded.', ref('Order')), ...refusals(401, 403, 404, 409) },
    },
  },
};

export const ordersDocument: DocumentPart = {
  paths: { ...paths, ...refundsDocument.paths, ...paymentsDocument.paths },
  schemas: { ...schemas, ...refundsDocument.schemas },
};
