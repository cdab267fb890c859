import { rows, type Sql } from '#kernel/db/statements.ts';
import { createKnowledge, type Article, type Knowledge } from '../bot/knowledge.ts';

/** The articles that are stored now; the index is made anew only when they have changed. */
export function createReadKnowledge(sql: Sql): () => Promise<Knowledge> {
  let stored = '';
  let knowledge = createKnowledge([]);
  return async () => {
    const articles = await rows<Article>(
      sql,
      'select code, language, title, body, keywords from articles order by code collate "C", language collate "C"',
    );
    const text = JSON.stringify(articles);
    if (text !== stored) {
      knowledge = createKnowledge(articles);
      stored = text;
    }
    return knowledge;
  };
}
