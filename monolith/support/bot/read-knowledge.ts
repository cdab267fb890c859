import { rows, type Sql } from '../../db/sql.ts';
import { createKnowledge, type Article, type Knowledge } from './knowledge.ts';

/** The articles that are stored now; the index is made anew only when they have changed. */
export function createReadKnowledge(sql: Sql): () => Promise<Knowledge> {
  let stored = '';
  let knowledge = createKnowledge([]);
  return async () => {
    const articles = await rows<Article>(
      sql,
      `select art_cd as code, lang_cd as language, ttl as title, body, kw as keywords from kb_art order by art_cd collate "C", lang_cd collate "C"`,
    );
    const text = JSON.stringify(articles);
    if (text !== stored) {
      knowledge = createKnowledge(articles);
      stored = text;
    }
    return knowledge;
  };
}
