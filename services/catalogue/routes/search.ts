import { searchProducts } from '../store/search-products.ts';
import type { CatalogueApp, CatalogueContext } from './context.ts';
import { defaultLimit, SearchQuery } from './schemas.ts';

export function searchRoutes(app: CatalogueApp, { source }: CatalogueContext): void {
  app.get('/search/products', { schema: { querystring: SearchQuery } }, (request) => {
    const { q, limit = defaultLimit, offset = 0 } = request.query;
    return searchProducts(source.manager, { q, limit, offset });
  });
}
