import Type, { type TProperties } from 'typebox';
import { productSorts } from '../rules/cursor.ts';
import { amountPattern } from '../rules/money.ts';

/** What requests must look like. Bodies refuse unknown members; unknown query parameters pass, as on the web. */
const body = <Properties extends TProperties>(
  properties: Properties,
  options: { minProperties?: number } = {},
) => Type.Object(properties, { additionalProperties: false, ...options });

const id = Type.Integer({ minimum: 1, maximum: 2_147_483_647 });
const uuid = Type.String({ format: 'uuid' });
const amount = Type.String({ pattern: amountPattern });
const name = Type.String({ minLength: 1, maxLength: 200 });
const description = Type.String({ minLength: 0, maxLength: 4000 });
const status = Type.Enum(['active', 'archived']);
const limit = Type.Optional(Type.Integer({ minimum: 1, maximum: 100 }));

export const defaultLimit = 20;
export const defaultTtlSeconds = 900;

export const NumericId = Type.Object({ id });
export const UuidId = Type.Object({ id: uuid });

export const ProductQuery = Type.Object({
  categoryId: Type.Optional(id),
  minPrice: Type.Optional(amount),
  maxPrice: Type.Optional(amount),
  inStock: Type.Optional(Type.Boolean()),
  sort: Type.Optional(Type.Enum([...productSorts])),
  limit,
  cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 1000 })),
});

export const SearchQuery = Type.Object({
  q: Type.String({ minLength: 1, maxLength: 200 }),
  limit,
  offset: Type.Optional(Type.Integer({ minimum: 0, maximum: 10_000 })),
});

export const ProductBody = body({
  sku: Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$' }),
  name,
  description: Type.Optional(description),
  categoryId: id,
  price: body({ amount, currency: Type.Optional(Type.Literal('EUR')) }),
  onHand: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000 })),
});

export const ProductPatch = body(
  {
    name: Type.Optional(name),
    description: Type.Optional(description),
    categoryId: Type.Optional(id),
    price: Type.Optional(body({ amount })),
    status: Type.Optional(status),
  },
  { minProperties: 1 },
);

export const PriceBody = body({ amount });

export const AdjustmentBody = body({
  delta: Type.Integer({ minimum: -1_000_000, maximum: 1_000_000, not: { const: 0 } }),
  reason: Type.String({ minLength: 1, maxLength: 200 }),
  adjustmentId: uuid,
});

export const AvailabilityBody = body({ productIds: Type.Array(id, { minItems: 1, maxItems: 200 }) });

export const ReservationBody = body({
  lines: Type.Array(body({ productId: id, quantity: Type.Integer({ minimum: 1, maximum: 10_000 }) }), {
    minItems: 1,
    maxItems: 100,
  }),
  ttlSeconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 86_400 })),
});
