import { row, rows, type Sql } from '../db/sql.ts';

export interface Category {
  id: number;
  name: string;
  slug: string;
  parentId: number | null;
  productCount: number;
}

const columns = `c.cat_id as id, c.cat_nm as name, c.slug, c.par_cat_id as "parentId"`;

export function listCategories(sql: Sql): Promise<Category[]> {
  return rows<Category>(
    sql,
    `select ${columns}, coalesce(n.products, 0)::int as "productCount"
     from cat c
     left join (select cat_id, count(*) as products from prod where stat_cd = 'A' group by cat_id) n using (cat_id)
     order by c.cat_id`,
  );
}

export function findCategory(sql: Sql, id: number): Promise<Category | undefined> {
  return row<Category>(
    sql,
    `select ${columns},
       (select count(*)::int from prod p where p.cat_id = c.cat_id and p.stat_cd = 'A') as "productCount"
     from cat c where c.cat_id = $1`,
    [id],
  );
}
