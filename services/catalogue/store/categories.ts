import { rows, type Sql } from '#kernel/db/statements.ts';

export interface CategoryView {
  id: number;
  name: string;
  slug: string;
  parentId: number | null;
  /** Active products directly in the category. */
  productCount: number;
}

const select = `select c.id, c.name, c.slug, c.parent_id as "parentId", (
    select count(*)::int from products p where p.category_id = c.id and p.status = 'active'
  ) as "productCount" from categories c`;

export function listCategories(sql: Sql): Promise<CategoryView[]> {
  return rows<CategoryView>(sql, `${select} order by c.id`);
}

export async function findCategory(sql: Sql, id: number): Promise<CategoryView | undefined> {
  const [category] = await rows<CategoryView>(sql, `${select} where c.id = $1`, [id]);
  return category;
}
