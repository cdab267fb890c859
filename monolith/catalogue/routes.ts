import type { FastifyInstance } from 'fastify';
import type { DataSource } from 'typeorm';
import { bind } from '../http/bind.ts';
import { notFound } from '../http/problem.ts';
import { findCategory, listCategories } from './read-categories.ts';
import { findProduct, listProducts, type ProductFilter } from './read-products.ts';
import { searchProducts } from './search.ts';
import { adjustStock, availability } from './stock.ts';
import {
  archiveProduct,
  createProduct,
  updateProduct,
  type NewProduct,
  type ProductChange,
} from './write-products.ts';

interface ById {
  Params: { id: number };
}

export function catalogueRoutes(app: FastifyInstance, db: DataSource): void {
  const sql = db.manager;

  bind(app, 'listCategories', async () => ({ items: await listCategories(sql) }));

  bind<ById>(app, 'getCategory', async ({ params: { id } }) => {
    const category = await findCategory(sql, id);
    if (category === undefined) throw notFound(`category ${id}`);
    return category;
  });

  bind<{ Querystring: ProductFilter }>(app, 'listProducts', ({ query }) => listProducts(sql, query));

  bind<ById>(app, 'getProduct', async ({ params: { id } }) => {
    const product = await findProduct(sql, id);
    if (product === undefined) throw notFound(`product ${id}`);
    return product;
  });

  bind<{ Body: NewProduct }>(app, 'createProduct', async ({ body }, reply) => {
    const product = await createProduct(db, body);
    return reply.code(201).header('location', `/products/${product.id}`).send(product);
  });

  bind<ById & { Body: ProductChange }>(app, 'updateProduct', ({ params, body }) =>
    updateProduct(db, params.id, body),
  );

  bind<ById>(app, 'archiveProduct', async ({ params: { id } }, reply) => {
    await archiveProduct(db, id);
    return reply.code(204).send();
  });

  bind<ById & { Body: { amount: string } }>(app, 'setPrice', ({ params, body }) =>
    updateProduct(db, params.id, { price: body }),
  );

  bind<ById & { Body: { delta: number; reason: string; adjustmentId: string } }>(
    app,
    'adjustStock',
    async ({ params, body }, reply) => {
      const { first, adjustment } = await adjustStock(db, { ...body, productId: params.id });
      return reply.code(first ? 201 : 200).send(adjustment);
    },
  );

  bind<ById>(app, 'getAvailability', async ({ params: { id } }) => {
    const [found] = await availability(sql, [id]);
    if (found === undefined) throw notFound(`product ${id}`);
    return found;
  });

  bind<{ Body: { productIds: number[] } }>(app, 'getAvailabilities', async ({ body }) => ({
    items: await availability(sql, body.productIds),
  }));

  bind<{ Querystring: { q: string; limit: number; offset: number } }>(app, 'searchProducts', ({ query }) =>
    searchProducts(sql, query),
  );
}
