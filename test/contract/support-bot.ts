import assert from 'node:assert/strict';
import type { ContractCase, ContractContext } from './context.ts';
import { orderMaker } from './orders.ts';
import { accountMaker } from './users.ts';
import { eventually, type Session } from './session.ts';

export function botCases(context: ContractContext): ContractCase[] {
  const open = accountMaker(context);
  const order = orderMaker(context);
  const named = (name: string, run: () => Promise<void>): ContractCase => ({ name: `support: ${name}`, run });
  const ask = (session: Session, question: string) =>
    session.expect(200, 'POST', '/support/bot', { body: { question } });
  const question = (session: Session, subject: string, message: string) =>
    session.expect(201, 'POST', '/tickets', { body: { kind: 'question', subject, message } });
  const authors = (ticket: { messages: { author: string }[] }) => ticket.messages.map(({ author }) => author);

  return [
    named('the bot answers what it knows, always alike, and hands over what it does not', async () => {
      const guest = context.guest();
      const known = await ask(guest, 'How do I return a parcel?');
      assert.deepEqual([known.kind, known.articleId, known.language], ['article', 'return-how', 'en']);
      assert.deepEqual(await ask(guest, 'How do I return a parcel?'), known);
      const spanish = await ask(guest, '¿Cómo devuelvo un paquete?');
      assert.deepEqual([spanish.articleId, spanish.language], ['return-how', 'es']);
      assert.notEqual(spanish.text, known.text);
      const unknown = await ask(guest, `${context.run} ${[...context.run].reverse().join('')}?`);
      assert.deepEqual([unknown.handOver, unknown.article, unknown.confidence], [true, null, 0]);
      assert.equal((await ask(guest, 'I want to return this to a human')).handOver, true);
      const { session } = await open();
      const ticket = await question(session, 'Return', 'How do I return a parcel?');
      assert.deepEqual([ticket.status, ...authors(ticket)], ['waiting', 'customer', 'bot']);
      assert.equal(ticket.messages[1].body, known.text);
      const hard = await question(session, 'A wine', `Which wine fits ${context.run}?`);
      assert.deepEqual([hard.status, ...authors(hard)], ['new', 'customer']);
    }),
    named('the bot tells of the asker’s own orders, and of nobody else’s', async () => {
      const { session, order: made } = await order();
      const mine = await eventually(async () => {
        const answer = await ask(session, 'Where is my order?');
        assert.equal(answer.kind, 'order-status');
        return answer;
      });
      assert.match(mine.text, new RegExp(`\\b${made.id}\\b.* confirmed`));
      assert.match((await ask(session, `¿Dónde está mi pedido ${made.id}?`)).text, /está confirmado/);
      const stranger = (await open()).session;
      for (const text of [`Where is my order ${made.id}?`, 'Where is my order?'])
        assert.deepEqual([(await ask(stranger, text)).handOver, text], [true, text]);
      const guest = await ask(context.guest(), `Where is my order ${made.id}?`);
      assert.deepEqual([guest.kind, guest.articleId], ['article', 'track-order']);
    }),
  ];
}
