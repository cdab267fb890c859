import { Refusal } from '../rules/refusal.ts';
import { findCategory, listCategories } from '../store/categories.ts';
import type { CatalogueApp, CatalogueContext } from './context.ts';
import { NumericId } from './schemas.ts';

export function categoryRoutes(app: CatalogueApp, { source }: CatalogueContext): void {
  app.get('/categories', async () => ({ items: await listCategories(source.manager) }));

  app.get('/categories/:id', { schema: { params: NumericId } }, async (request) => {
    const category = await findCategory(source.manager, request.params.id);
    if (category === undefined) throw new Refusal('not-found', `There is no category ${request.params.id}.`);
    return category;
  });
}
