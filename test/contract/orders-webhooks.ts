import assert from 'node:assert/strict';
import { signWebhook } from '#stack/payments/webhooks.ts';
import type { ContractCase, ContractContext } from './context.ts';
import { orderMaker } from './orders.ts';

/** What the payment provider tells: believed when it is signed, and harmless however often and whenever it comes. */
export function webhookCases(context: ContractContext): ContractCase[] {
  const { webhookSecret: secret } = context;
  if (secret === undefined) return [];
  const order = orderMaker(context);
  const named = (name: string, run: () => Promise<void>): ContractCase => ({
    name: `webhooks: ${name}`,
    run,
  });
  const webhook = (key: string) =>
    JSON.stringify({
      id: crypto.randomUUID(),
      type: 'charge.approved',
      key,
      reference: 'r',
      at: new Date().toISOString(),
    });
  const tell = (body: string, signature: string) =>
    context.guest().call('POST', '/payments/webhooks', { body, headers: { 'payment-signature': signature } });
  return [
    named('one that is signed is heard, again and again, and changes nothing that is settled', async () => {
      const { session, order: made } = await order();
      const body = webhook(`order-${made.id}`);
      for (const _ of [1, 2, 3]) assert.equal((await tell(body, signWebhook(secret, body))).status, 204);
      assert.deepEqual(await session.expect(200, 'GET', `/orders/${made.id}`), made);
      for (const key of ['order-2147483647', 'order-x', 'nothing']) {
        const other = webhook(key);
        assert.equal((await tell(other, signWebhook(secret, other))).status, 204, key);
      }
    }),
    named('one that is not signed, or was signed long ago, is refused', async () => {
      const body = webhook('order-1');
      const now = Math.floor(Date.now() / 1000);
      const wrong = [
        'x',
        't=1,v1=00',
        signWebhook('another secret', body),
        signWebhook(secret, `${body} `),
        signWebhook(secret, body, now - 600),
        signWebhook(secret, body, now + 600),
        signWebhook(secret, body).replace(/^t=\d+/, `t=${now + 1}`),
      ];
      for (const signature of wrong) {
        const answer = await tell(body, signature);
        assert.deepEqual([signature, answer.status, answer.body.code], [signature, 401, 'unauthorized']);
      }
    }),
  ];
}
