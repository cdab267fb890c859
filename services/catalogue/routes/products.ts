import { listProducts } from '../store/list-products.ts';
import { archiveProduct, changeProduct, createProduct, findProduct, noProduct } from '../store/products.ts';
import { authorize } from '#kernel/auth/authorize.ts';
import { editors, type CatalogueApp, type CatalogueContext } from './context.ts';
import { defaultLimit, NumericId, PriceBody, ProductBody, ProductPatch, ProductQuery } from './schemas.ts';

export function productRoutes(app: CatalogueApp, { source, write, verify }: CatalogueContext): void {
  const onRequest = authorize(verify, editors);

  app.get('/products', { schema: { querystring: ProductQuery } }, async (request) => {
    const { sort = 'id', limit = defaultLimit, ...filter } = request.query;
    return listProducts(source.manager, { ...filter, sort, limit });
  });

  app.get('/products/:id', { schema: { params: NumericId } }, async (request) => {
    const { id } = request.params;
    const product = await findProduct(source.manager, id);
    if (product === undefined) throw noProduct(id);
    return product;
  });

  app.post('/products', { onRequest, schema: { body: ProductBody } }, async (request, reply) => {
    const product = await write((sql) => createProduct(sql, request.body));
    return reply.code(201).header('location', `/products/${product.id}`).send(product);
  });

  app.patch('/products/:id', { onRequest, schema: { params: NumericId, body: ProductPatch } }, (request) =>
    write((sql) => changeProduct(sql, request.params.id, request.body)),
  );

  app.put('/products/:id/price', { onRequest, schema: { params: NumericId, body: PriceBody } }, (request) =>
    write((sql) => changeProduct(sql, request.params.id, { price: request.body })),
  );

  app.delete('/products/:id', { onRequest, schema: { params: NumericId } }, async (request, reply) => {
    await write((sql) => archiveProduct(sql, request.params.id));
    return reply.code(204).send();
  });
}
