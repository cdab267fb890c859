import Type, { type TProperties } from 'typebox';
import { orderStatuses, parcelEvents } from '../rules/order.ts';

/** What requests must look like. Bodies refuse unknown members; unknown query parameters pass, as on the web. */
const body = <Properties extends TProperties>(properties: Properties) =>
  Type.Object(properties, { additionalProperties: false });

const id = Type.Integer({ minimum: 1, maximum: 2_147_483_647 });
const quantity = Type.Integer({ minimum: 1, maximum: 1000 });
const line = body({ productId: id, quantity });
const instant = Type.String({ format: 'date-time' });

export const defaultLimit = 20;

export const OrderId = Type.Object({ id });
export const ProductId = Type.Object({ productId: id });
export const IdempotencyKey = Type.Object({
  'idempotency-key': Type.String({ pattern: '^[\\x21-\\x7e]{1,100}$' }),
});

export const OrderQuery = Type.Object({
  status: Type.Optional(Type.Enum([...orderStatuses])),
  customerId: Type.Optional(id),
  from: Type.Optional(instant),
  to: Type.Optional(instant),
  q: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
  cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 1000 })),
});

export const CartBody = body({ items: Type.Array(line, { maxItems: 50 }) });
export const QuantityBody = body({ quantity });
export const CheckoutSchema = body({
  payment: body({ cardToken: Type.String({ pattern: '^tok_[a-zA-Z0-9_]{1,60}$' }) }),
  shipping: body({
    name: Type.String({ minLength: 1, maxLength: 200 }),
    address: Type.String({ minLength: 1, maxLength: 500 }),
  }),
});
export const TrackingBody = body({
  event: Type.Enum([...parcelEvents]),
  place: Type.String({ minLength: 0, maxLength: 200 }),
});
export const RefundBody = body({
  reason: Type.String({ minLength: 1, maxLength: 200 }),
  lines: Type.Array(body({ productId: id, quantity, restock: Type.Optional(Type.Boolean()) }), {
    minItems: 1,
    maxItems: 50,
  }),
});

export const WebhookHeaders = Type.Object({
  'payment-signature': Type.String({ minLength: 1, maxLength: 200 }),
});
export const WebhookBody = body({
  id: Type.String({ format: 'uuid' }),
  type: Type.Enum(['charge.approved', 'charge.declined', 'charge.voided', 'charge.refunded']),
  key: Type.String({ minLength: 1, maxLength: 100 }),
  reference: Type.String({ minLength: 0, maxLength: 200 }),
  at: Type.String({ format: 'date-time' }),
});
