import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { articles } from '../../monolith/seed/articles.ts';
import { readQuestion } from '../../monolith/support/bot/answer.ts';
import { createKnowledge } from '../../monolith/support/bot/knowledge.ts';
import { labelledQuestions } from './labelled.ts';
import { measure, rowOf } from './measure.ts';

const knowledge = createKnowledge(articles);
const read = (question: string): string => {
  const reading = readQuestion(question, knowledge);
  return reading.kind === 'article' ? reading.article.code : reading.kind;
};
const documented = readFileSync(join(import.meta.dirname, '../../docs/bot.md'), 'utf8');

describe('the labelled questions', () => {
  test('name articles that exist in both languages, and no question is there twice', () => {
    for (const language of ['en', 'es']) {
      const known = new Set(articles.filter((one) => one.language === language).map(({ code }) => code));
      const labels = labelledQuestions.filter((one) => one.language === language).map(({ label }) => label);
      expect(labels.filter((label) => !known.has(label) && !/^(order-status|hand-over)$/.test(label))).toEqual([]);
      expect([...known].filter((code) => !labels.includes(code))).toEqual([]);
    }
    expect(new Set(labelledQuestions.map(({ question }) => question)).size).toBe(labelledQuestions.length);
  });

  test('fall in two halves, each with every kind in both languages', () => {
    for (const half of ['tuning', 'held-back']) {
      for (const language of ['en', 'es']) {
        const some = labelledQuestions.filter((one) => one.half === half && one.language === language);
        expect(some.length).toBeGreaterThan(50);
        for (const label of ['order-status', 'hand-over'])
          expect(some.filter((one) => one.label === label).length).toBeGreaterThan(4);
      }
    }
  });
});

test('docs/bot.md has the figures that are measured', () => {
  for (const half of ['held-back', 'tuning'] as const) {
    for (const [name, language] of [
      ['English', 'en'],
      ['Spanish', 'es'],
      ['both', undefined],
    ] as const) {
      const some = labelledQuestions.filter(
        (one) => one.half === half && (language === undefined || one.language === language),
      );
      expect(documented).toContain(rowOf(`${half}, ${name}`, measure(some, read)));
    }
  }
});
