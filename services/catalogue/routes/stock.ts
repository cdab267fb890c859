import { adjustStock, availabilities } from '../store/stock.ts';
import { noProduct } from '../store/products.ts';
import { authorize } from '#kernel/auth/authorize.ts';
import { editors, type CatalogueApp, type CatalogueContext } from './context.ts';
import { AdjustmentBody, AvailabilityBody, NumericId } from './schemas.ts';

export function stockRoutes(app: CatalogueApp, { source, write, verify }: CatalogueContext): void {
  app.get('/products/:id/availability', { schema: { params: NumericId } }, async (request) => {
    const { id } = request.params;
    const [availability] = await availabilities(source.manager, [id]);
    if (availability === undefined) throw noProduct(id);
    return availability;
  });

  // A read by POST: a list of 200 ids does not fit a URL.
  app.post('/availability', { schema: { body: AvailabilityBody } }, async (request) => ({
    items: await availabilities(source.manager, request.body.productIds),
  }));

  app.post(
    '/products/:id/stock-adjustments',
    {
      onRequest: authorize(verify, editors, ['stock:adjust']),
      schema: { params: NumericId, body: AdjustmentBody },
    },
    async (request, reply) => {
      const asked = { ...request.body, productId: request.params.id };
      const { first, adjustment } = await write((sql) => adjustStock(sql, asked));
      return reply.code(first ? 201 : 200).send(adjustment);
    },
  );
}
