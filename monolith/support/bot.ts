export interface Article {
  title: string;
  body: string;
  keywords: string;
}

export interface BotAnswer {
  /** What the bot says; when it is not sure, that a person takes over. */
  text: string;
  article: string | null;
  /** 0 to 1: the share of the telling words that the article knows. */
  confidence: number;
  handOver: boolean;
}

const sureAt = 0.5;
const atLeastWords = 1;
const stopWords = new Set(
  'a an and are as at be been but by can could do does for from had has have hello hi how i if in is it its me my of on or our please so thank thanks that the their them there they this to was we what when which who why will with would you your'.split(
    ' ',
  ),
);

export function tellingWords(text: string): string[] {
  const words = text.toLowerCase().match(/\p{L}+/gu) ?? [];
  return [...new Set(words.filter((word) => word.length > 1 && !stopWords.has(word)))];
}

/** Whoever asks for a person gets one, however well the bot could answer. */
const wantsPerson = /\b(human|person|agent|someone|somebody|colleague)\b/i;

/** Answers from the knowledge base, or hands over. The same question gets the same answer. */
export function answerQuestion(question: string, articles: readonly Article[]): BotAnswer {
  const words = tellingWords(question);
  let best: { article: Article; hits: number } | undefined;
  for (const article of articles) {
    const known = new Set(tellingWords(`${article.title} ${article.keywords}`));
    const hits = words.filter((word) => known.has(word) || known.has(word.replace(/s$/, ''))).length;
    if (best === undefined || hits > best.hits) best = { article, hits };
  }
  const confidence = best === undefined || words.length === 0 ? 0 : best.hits / words.length;
  if (best === undefined || best.hits < atLeastWords || confidence < sureAt || wantsPerson.test(question)) {
    return { text: 'A colleague will answer you soon.', article: null, confidence, handOver: true };
  }
  return { text: best.article.body, article: best.article.title, confidence, handOver: false };
}
