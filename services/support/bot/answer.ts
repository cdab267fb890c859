import { asksForOrder, needsPerson, orderNumberIn } from './intent.ts';
import type { Article, Fit, Knowledge } from './knowledge.ts';
import { languageOf, type Language } from './words.ts';

/** What the bot makes of a question, before any order is looked at. `confidence` is from 0 to 1. */
export type Reading = { language: Language; confidence: number } & (
  | { kind: 'article'; article: Article }
  | { kind: 'order-status'; orderId: number | undefined }
  | { kind: 'hand-over' }
);

/** Below, a person answers. */
export const sureAt = 0.55;
const sureOfOrders = 0.9;

/** Fitted on the tuning half of the labelled questions: the log of the odds that the best article is the right one. */
const weights = { bias: -4, shared: 3.4, coverage: 1.6, unknown: -2.3, lead: 0.1 };
/** Sharing more than this says no more. */
const enoughShared = 3;

/** How likely the best article is right, in hundredths. */
export function confidenceOf(fit: Fit | undefined): number {
  if (fit === undefined) return 0;
  const odds =
    weights.bias +
    weights.shared * Math.min(fit.shared, enoughShared) +
    weights.coverage * fit.coverage +
    weights.unknown * fit.unknown +
    weights.lead * fit.lead;
  return Math.round(100 / (1 + Math.exp(-odds))) / 100;
}

/** The same question is read alike, always and on either side. */
export function readQuestion(question: string, knowledge: Knowledge): Reading {
  const language = languageOf(question);
  const fit = knowledge.find(question, language);
  const confidence = confidenceOf(fit);
  if (needsPerson(question)) return { kind: 'hand-over', language, confidence };
  if (asksForOrder(question))
    return { kind: 'order-status', language, confidence: sureOfOrders, orderId: orderNumberIn(question) };
  if (fit === undefined || confidence < sureAt) return { kind: 'hand-over', language, confidence };
  return { kind: 'article', language, confidence, article: fit.article };
}
