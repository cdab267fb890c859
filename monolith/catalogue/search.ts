import { row, rows, type Sql } from '../db/sql.ts';
import { productColumns, productOf, type Product, type ProductRecord } from './read-products.ts';

/**
 * Words first: the ranked full-text hits, each scored 1 + ts_rank. Only when no product has the words does the
 * likeness of the name to the query decide (pg_trgm's word similarity, at its default threshold of 0.6), which forgives
 * typing errors and costs nothing while nobody makes any. Scores are rounded to six decimals before they are compared,
 * and ties are broken by id, so that two databases with equal products answer equally.
 */
const hits = `
  with q as (select websearch_to_tsquery('english', $1::text) as words),
  by_words as (
    select p.prod_id, 1 + ts_rank(p.search, q.words) as rank
    from prod p, q where p.search @@ q.words and p.stat_cd = 'A'
  ),
  by_likeness as (
    select p.prod_id, word_similarity($1::text, p.prod_nm)::float8 as rank
    from prod p where $1::text <% p.prod_nm and p.stat_cd = 'A' and not exists (select from by_words)
  ),
  hits as (select * from by_words union all select * from by_likeness)`;

export type ProductHit = Product & { score: number };

export async function searchProducts(
  sql: Sql,
  { q, limit, offset }: { q: string; limit: number; offset: number },
): Promise<{ items: ProductHit[]; total: number }> {
  const found = await rows<ProductRecord & { score: number; total: number }>(
    sql,
    `${hits},
     page as (
       select prod_id, round(rank::numeric, 6)::float8 as score, count(*) over ()::int as total
       from hits order by score desc, prod_id limit $2 offset $3
     )
     select ${productColumns}, page.score, page.total
     from page join prod p using (prod_id) left join prod_stk s using (prod_id)
     order by page.score desc, prod_id`,
    [q, limit, offset],
  );
  const items = found.map((record) => ({ ...productOf(record), score: record.score }));
  const [first] = found;
  if (first !== undefined) return { items, total: first.total };
  // Past the last page no row carries the total.
  const counted =
    offset === 0
      ? undefined
      : await row<{ total: number }>(sql, `${hits} select count(*)::int as total from hits`, [q]);
  return { items, total: counted?.total ?? 0 };
}
