import type { FastifyInstance } from 'fastify';
import { preparePublicRoutes } from '#kernel/http/public-routes.ts';
import { categoryRoutes } from './categories.ts';
import type { CatalogueContext } from './context.ts';
import { productRoutes } from './products.ts';
import { reservationRoutes } from './reservations.ts';
import { searchRoutes } from './search.ts';
import { stockRoutes } from './stock.ts';

/** All of the catalogue's public URLs. */
export function catalogueRoutes(context: CatalogueContext) {
  return async (scope: FastifyInstance): Promise<void> => {
    const app = preparePublicRoutes(scope);
    categoryRoutes(app, context);
    productRoutes(app, context);
    searchRoutes(app, context);
    stockRoutes(app, context);
    reservationRoutes(app, context);
  };
}
