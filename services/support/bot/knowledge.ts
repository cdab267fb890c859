import MiniSearch from 'minisearch';
import { languages, tellingStems, type Language } from './words.ts';

export interface Article {
  code: string;
  language: Language;
  title: string;
  body: string;
  keywords: string;
}

/** How well the best article fits a question. */
export interface Fit {
  article: Article;
  /** How much they have in common: the number of shared words, rare ones counting for up to one, common ones for less. */
  shared: number;
  /** 0 to 1: the share of what any article knows of the question that this one knows. */
  coverage: number;
  /** 0 to 1: the share of the telling words that no article knows. */
  unknown: number;
  /** 0 to 1: how far it is ahead of the second best. */
  lead: number;
}

const fuzzyFrom = 6;

export interface Knowledge {
  find(question: string, language: Language): Fit | undefined;
  article(code: string, language: Language): Article | undefined;
}

/** An index of the articles, one for each language. */
export function createKnowledge(articles: readonly Article[]): Knowledge {
  const indexes = new Map(languages.map((language) => [language, indexOf(articles, language)]));
  return {
    find: (question, language) => indexes.get(language)?.(tellingStems(question, language)),
    article: (code, language) => articles.find((one) => one.code === code && one.language === language),
  };
}

function indexOf(all: readonly Article[], language: Language) {
  const articles = all.filter((article) => article.language === language);
  const search = new MiniSearch<Article & { id: number }>({
    // The text of an answer is full of words that say nothing of the question.
    fields: ['title', 'keywords'],
    tokenize: (text) => tellingStems(text, language),
    processTerm: (term) => term,
  });
  search.addAll(articles.map((article, id) => ({ ...article, id })));

  return (stems: readonly string[]): Fit | undefined => {
    const found = search.search(stems.join(' '), {
      // They are stems already, and a stem of a stem would match nothing.
      tokenize: (text) => text.split(' '),
      boost: { title: 1, keywords: 2 },
      fuzzy: (term) => (term.length >= fuzzyFrom ? 0.2 : false),
      prefix: (term) => term.length >= fuzzyFrom - 1,
      weights: { fuzzy: 0.4, prefix: 0.6 },
    });
    const [best, second] = found;
    const article = best === undefined ? undefined : articles[Number(best.id)];
    if (best === undefined || article === undefined) return undefined;
    const knownBy = new Map(stems.map((stem) => [stem, 0]));
    for (const { queryTerms } of found)
      for (const stem of queryTerms) knownBy.set(stem, (knownBy.get(stem) ?? 0) + 1);
    // 1 for what one article knows, 0 for what all do.
    const weightOf = (stem: string) =>
      1 - Math.log(Math.max(1, knownBy.get(stem) ?? 1)) / Math.log(articles.length + 1);
    const sum = (some: readonly string[]) => some.reduce((total, stem) => total + weightOf(stem), 0);
    const known = stems.filter((stem) => (knownBy.get(stem) ?? 0) > 0);
    const shared = sum(known.filter((stem) => best.queryTerms.includes(stem)));
    return {
      article,
      shared,
      coverage: shared / sum(known),
      unknown: 1 - known.length / stems.length,
      lead: second === undefined ? 1 : (best.score - second.score) / best.score,
    };
  };
}
