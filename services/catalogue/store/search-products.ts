import {
  productColumns,
  productTables,
  viewOf,
  type ProductRecord,
  type ProductView,
} from './product-view.ts';
import { rows, type Sql } from './sql.ts';

export interface Search {
  q: string;
  limit: number;
  offset: number;
}

export interface ProductHit extends ProductView {
  /** Rank of the hit, six decimals; higher is better. */
  score: number;
}

/** Words first: stemmed, names before descriptions. */
const byWords = {
  match: `p.search @@ websearch_to_tsquery('english', $1)`,
  score: `round(ts_rank(p.search, websearch_to_tsquery('english', $1))::numeric, 6)`,
};

/** Where no word matches: names with a stretch that is spelled alike. `<%` uses the trigram index. */
const bySpelling = {
  match: `$1 <% p.name`,
  score: `round(word_similarity($1, p.name)::numeric, 6)`,
};

export async function searchProducts(
  sql: Sql,
  { q, limit, offset }: Search,
): Promise<{ items: ProductHit[]; total: number }> {
  for (const way of [byWords, bySpelling]) {
    const [counted] = await rows<{ total: number }>(
      sql,
      `select count(*)::int as total from products p where p.status = 'active' and ${way.match}`,
      [q],
    );
    const total = counted?.total ?? 0;
    if (total === 0) continue;
    const hits = await rows<ProductRecord & { score: string }>(
      sql,
      `select ${productColumns}, ${way.score} as score from ${productTables}
       where p.status = 'active' and ${way.match}
       order by score desc, p.id limit $2 offset $3`,
      [q, limit, offset],
    );
    return { items: hits.map((hit) => ({ ...viewOf(hit), score: Number(hit.score) })), total };
  }
  return { items: [], total: 0 };
}
