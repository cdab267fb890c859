import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { articles } from '../../monolith/seed/articles.ts';
import { readQuestion } from '../../monolith/support/bot/answer.ts';
import { createKnowledge } from '../../monolith/support/bot/knowledge.ts';
import { createKnowledge as serviceKnowledge } from '../../services/support/bot/knowledge.ts';
import { reply as replyOfService } from '../../services/support/bot/reply.ts';
import { reply } from '../../monolith/support/bot/reply.ts';
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
      expect(
        labels.filter((label) => !known.has(label) && !/^(order-status|hand-over)$/.test(label)),
      ).toEqual([]);
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

describe('the monolith’s bot and the service’s', () => {
  const theirs = serviceKnowledge(articles);
  const find = async (id: number | undefined) => ({
    id: id ?? 7,
    status: 'shipped',
    createdAt: '2026-05-03T',
  });
  const bothAnswer = async (question: string) => {
    expect(await replyOfService(question, theirs, find)).toEqual(await reply(question, knowledge, find));
  };

  test('answer every labelled question alike', async () => {
    for (const { question } of labelledQuestions) await bothAnswer(question);
  });

  test('answer anything alike', async () => {
    const words = fc.constantFrom(...labelledQuestions.flatMap(({ question }) => question.split(' ')));
    const text = fc.oneof(
      fc.array(words, { maxLength: 12 }).map((some) => some.join(' ')),
      fc.string({ unit: 'grapheme' }),
    );
    await fc.assert(fc.asyncProperty(text, bothAnswer), { numRuns: 300 });
  });
});
