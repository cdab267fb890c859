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
  maxId,
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
  uuid,
} from '../http/document.ts';

const tags = ['catalogue'];
const editors: readonly Role[] = ['manager', 'admin'];

const amount: Schema = {
  type: 'string',
  pattern: '^(0|[1-9][0-9]{0,6})(\\.[0-9]{1,2})?$',
  description: 'Decimal, at most two places; answers always have two.',
  examples: ['12.34'],
};
const status: Schema = { type: 'string', enum: ['active', 'archived'] };
const count: Schema = { type: 'integer', minimum: 0, maximum: maxId };
const name = text(1, 200);
const description = text(0, 4000);

const productFields: Record<string, Schema> = {
  id: idSchema,
  sku: { type: 'string' },
  name: { type: 'string' },
  description: { type: 'string' },
  categoryId: idSchema,
  price: object({ amount, currency: { type: 'string', pattern: '^[A-Z]{3}$' } }),
  status,
  available: { ...count, description: 'On hand less reserved.' },
  createdAt: timestamp,
  updatedAt: timestamp,
};

const schemas: Record<string, Schema> = {
  Category: object({
    id: idSchema,
    name: { type: 'string' },
    slug: { type: 'string' },
    parentId: { type: ['integer', 'null'] },
    productCount: { ...count, description: 'Active products directly in the category.' },
  }),
  Product: object(productFields),
  ProductHit: object({
    ...productFields,
    score: { type: 'number', description: 'Rank of the hit, six decimals; higher is better.' },
  }),
  Availability: object({ productId: idSchema, onHand: count, reserved: count, available: count }),
  StockAdjustment: object({
    adjustmentId: uuid,
    productId: idSchema,
    delta: { type: 'integer' },
    reason: { type: 'string' },
    createdAt: timestamp,
  }),
};

const paths: DocumentPart['paths'] = {
  '/categories': {
    get: {
      operationId: 'listCategories',
      tags,
      summary: 'All categories, by id',
      responses: { 200: answer('The categories.', object({ items: list(ref('Category')) })), ...refusals() },
    },
  },
  '/categories/{id}': {
    get: {
      operationId: 'getCategory',
      tags,
      summary: 'One category',
      parameters: [pathId()],
      responses: { 200: answer('The category.', ref('Category')), ...refusals(404) },
    },
  },
  '/products': {
    get: {
      operationId: 'listProducts',
      tags,
      summary: 'Active products, filtered and sorted, page by page',
      description:
        'Ties are broken by id, in the direction of the sort. Names sort by code point. The cursor is the base64url of ' +
        'JSON `{"sort":"-price","last":["12.34",17]}` (`last` is `[id]` when the sort is by id, and `[name, id]` by name).',
      parameters: [
        query('categoryId', idSchema),
        query('minPrice', amount, 'Inclusive.'),
        query('maxPrice', amount, 'Inclusive.'),
        query('inStock', { type: 'boolean' }, 'true: only what is available; false: only what is not.'),
        query('sort', { type: 'string', enum: ['id', '-id', 'price', '-price', 'name'], default: 'id' }),
        limit,
        cursor,
      ],
      responses: { 200: answer('A page.', page(ref('Product'))), ...refusals() },
    },
    post: {
      operationId: 'createProduct',
      tags,
      summary: 'Add a product',
      description: 'It starts active, with nothing on hand, unless said otherwise. Currency is EUR.',
      security: bearer,
      'x-roles': editors,
      requestBody: body(
        object(
          {
            sku: { type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$' },
            name,
            description,
            categoryId: idSchema,
            price: object({ amount, currency: { type: 'string', enum: ['EUR'] } }, ['amount']),
            onHand: { type: 'integer', minimum: 0, maximum: 1_000_000 },
          },
          ['sku', 'name', 'categoryId', 'price'],
        ),
      ),
      responses: {
        201: {
          ...answer('Added.', ref('Product')),
          headers: { location: { schema: { type: 'string' } } },
        },
        // 409 `sku-taken`; 422 `unknown-category`.
        ...bodyRefusals(401, 403, 409, 422),
      },
    },
  },
  '/products/{id}': {
    get: {
      operationId: 'getProduct',
      tags,
      summary: 'One product, archived ones included',
      parameters: [pathId()],
      responses: { 200: answer('The product.', ref('Product')), ...refusals(404) },
    },
    patch: {
      operationId: 'updateProduct',
      tags,
      summary: 'Change a product',
      security: bearer,
      'x-roles': editors,
      parameters: [pathId()],
      requestBody: body({
        ...object({ name, description, categoryId: idSchema, price: object({ amount }), status }, []),
        minProperties: 1,
      }),
      responses: {
        200: answer('The product as it is now.', ref('Product')),
        ...bodyRefusals(401, 403, 404, 422),
      },
    },
    delete: {
      operationId: 'archiveProduct',
      tags,
      summary: 'Archive a product; again is no error',
      security: bearer,
      'x-roles': editors,
      parameters: [pathId()],
      responses: { 204: answer('Archived.'), ...refusals(401, 403, 404) },
    },
  },
  '/products/{id}/price': {
    put: {
      operationId: 'setPrice',
      tags,
      summary: 'Set a price',
      security: bearer,
      'x-roles': editors,
      parameters: [pathId()],
      requestBody: body(object({ amount })),
      responses: {
        200: answer('The product as it is now.', ref('Product')),
        ...bodyRefusals(401, 403, 404),
      },
    },
  },
  '/products/{id}/stock-adjustments': {
    post: {
      operationId: 'adjustStock',
      tags,
      summary: 'Add to or take from what is on hand',
      description:
        'Idempotent by `adjustmentId`: 201 first, 200 the same again, 409 `adjustment-conflict` with other content. ' +
        '409 `stock-below-reserved` when less than what is reserved would be left.',
      security: bearer,
      'x-roles': editors,
      'x-scopes': ['stock:adjust'],
      parameters: [pathId()],
      requestBody: body(
        object({
          delta: { type: 'integer', minimum: -1_000_000, maximum: 1_000_000, not: { const: 0 } },
          reason: text(1, 200),
          adjustmentId: uuid,
        }),
      ),
      responses: {
        200: answer('It had been applied before.', ref('StockAdjustment')),
        201: answer('Applied.', ref('StockAdjustment')),
        ...bodyRefusals(401, 403, 404, 409),
      },
    },
  },
  '/products/{id}/availability': {
    get: {
      operationId: 'getAvailability',
      tags,
      summary: 'What is on hand, reserved and available of a product',
      parameters: [pathId()],
      responses: { 200: answer('The availability.', ref('Availability')), ...refusals(404) },
    },
  },
  '/availability': {
    post: {
      operationId: 'getAvailabilities',
      tags,
      summary: 'Availability of many products: a read, by POST',
      description: 'In product-id order; products that do not exist are left out.',
      requestBody: body(object({ productIds: { ...list(idSchema), minItems: 1, maxItems: 200 } })),
      responses: {
        200: answer('The availabilities.', object({ items: list(ref('Availability')) })),
        ...bodyRefusals(),
      },
    },
  },
  '/search/products': {
    get: {
      operationId: 'searchProducts',
      tags,
      summary: 'Active products by words, best first; typing errors are tolerated when no word matches',
      parameters: [
        { ...query('q', text(1, 200)), required: true },
        limit,
        query('offset', { type: 'integer', minimum: 0, maximum: 10_000, default: 0 }),
      ],
      responses: {
        200: answer('The hits.', object({ items: list(ref('ProductHit')), total: count })),
        ...refusals(),
      },
    },
  },
};

export const catalogueDocument: DocumentPart = { paths, schemas };
