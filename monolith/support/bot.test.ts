import fc from 'fast-check';
import { expect, test } from 'vitest';
import { articles } from '../seed/articles.ts';
import { answerQuestion } from './bot.ts';

test('it answers what the knowledge base knows', () => {
  expect(answerQuestion('How do I change my password?', articles)).toMatchObject({
    article: 'How do I change my password?',
    handOver: false,
  });
  expect(answerQuestion('Where is my parcel, the delivery is late', articles).article).toBe(
    'Where is my order?',
  );
});

test('it hands over what it does not know, and whoever wants a person', () => {
  expect(answerQuestion('My neighbour keeps singing opera at night', articles).handOver).toBe(true);
  expect(answerQuestion('Cancel order please, I want a human', articles).handOver).toBe(true);
});

test('whatever is asked, it is sure or hands over, and says so in words', () => {
  fc.assert(
    fc.property(fc.string(), (question) => {
      const { text, article, confidence, handOver } = answerQuestion(question, articles);
      expect(text).not.toBe('');
      expect(handOver).toBe(article === null);
      expect(confidence).toBeGreaterThanOrEqual(0);
      expect(confidence).toBeLessThanOrEqual(1);
    }),
  );
});

test('without any article it hands over', () => {
  expect(answerQuestion('password', []).handOver).toBe(true);
});
