import {
  productColumns,
  productTables,
  viewOf,
  type ProductRecord,
  type ProductView,
} from './product-view.ts';
import { rows, type Sql } from '#kernel/db/statements.ts';

export interface Search {
  q: string;
  limit: number;
  offset: number;
}

export interface ProductHit extends ProductView {
  /** Rank of the hit, six decimals; higher is better. */
  score: number;
}

/**
 * Words first, stemmed, each hit scored 1 + ts_rank (names weigh more than descriptions). Only when no product has the
 * words does the likeness of a name to the query decide (word similarity at its default threshold, 0.6), which
 * forgives typing errors. The ranking is part of the public contract: both sides of a migration compute the same, so
 * scores are rounded before they are compared, and ties are broken by id.
 */
const hits = `
  with q as (select websearch_to_tsquery('english', $1::text) as words),
  by_words as (
    select p.id, 1 + ts_rank(p.search, q.words) as rank
    from products p, q where p.search @@ q.words and p.status = 'active'
  ),
  by_likeness as (
    select p.id, word_similarity($1::text, p.name)::float8 as rank
    from products p where $1::text <% p.name and p.status = 'active' and not exists (select from by_words)
  ),
  hits as (select * from by_words union all select * from by_likeness)`;

export async function searchProducts(
  sql: Sql,
  { q, limit, offset }: Search,
): Promise<{ items: ProductHit[]; total: number }> {
  const found = await rows<ProductRecord & { score: number; total: number }>(
    sql,
    `${hits},
     page as (
       select id, round(rank::numeric, 6)::float8 as score, count(*) over ()::int as total
       from hits order by score desc, id limit $2 offset $3
     )
     select ${productColumns}, page.score, page.total
     from ${productTables} join page on page.id = p.id
     order by page.score desc, p.id`,
    [q, limit, offset],
  );
  const items = found.map((hit) => ({ ...viewOf(hit), score: hit.score }));
  const [first] = found;
  if (first !== undefined) return { items, total: first.total };
  // Past the last page no row carries the total.
  if (offset === 0) return { items, total: 0 };
  const [counted] = await rows<{ total: number }>(sql, `${hits} select count(*)::int as total from hits`, [
    q,
  ]);
  return { items, total: counted?.total ?? 0 };
}
