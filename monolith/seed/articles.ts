import { englishArticles } from './articles-en.ts';
import { spanishArticles } from './articles-es.ts';

export type ArticleLanguage = 'en' | 'es';

export interface SeedArticle {
  /** Names the matter, in every language alike. */
  code: string;
  language: ArticleLanguage;
  title: string;
  body: string;
  keywords: string;
}

const read = (text: string, language: ArticleLanguage): SeedArticle[] =>
  text
    .trim()
    .split('\n')
    .map((line) => {
      const [code = '', title = '', body = '', keywords = ''] = line.split('|').map((part) => part.trim());
      return { code, language, title, body, keywords };
    });

/** The knowledge base that the bot answers from. Keywords are the words that customers use for the matter. */
export const articles: readonly SeedArticle[] = [
  ...read(englishArticles, 'en'),
  ...read(spanishArticles, 'es'),
];
