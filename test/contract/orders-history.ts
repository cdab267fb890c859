import assert from 'node:assert/strict';
import { productMaker } from './catalogue-products.ts';
import type { ContractCase, ContractContext } from './context.ts';
import { checkout, fillCart, orderMaker } from './orders.ts';
import { eventually } from './session.ts';
import { accountMaker } from './users.ts';

/** What became of an order, step by step; and finding it again. */
export function historyCases(context: ContractContext): ContractCase[] {
  const open = accountMaker(context);
  const make = productMaker(context);
  const order = orderMaker(context);
  const named = (name: string, run: () => Promise<void>): ContractCase => ({ name: `orders: ${name}`, run });
  const idsOf = (page: { items: { id: number }[] }) => page.items.map(({ id }) => id);
  return [
    named('each step that an order went is kept, with what stopped it', async () => {
      const { session, order: made } = await order();
      await session.expect(200, 'POST', `/orders/${made.id}/cancel`);
      const stepsOf = async (id: number) =>
        (await session.expect(200, 'GET', `/orders/${id}/history`)).steps.map(
          ({ step, reason }: { step: string; reason: string }) =>
            reason === '' ? step : `${step}: ${reason}`,
        );
      const placed = ['placed', 'buyer-verified', 'reserved'];
      assert.deepEqual(await stepsOf(made.id), [...placed, 'paid', 'confirmed', 'cancelling', 'cancelled']);
      const product = await make(await context.as('manager'), { onHand: 4 });
      await fillCart(session, [[product.id, 1]]);
      const body = { payment: { cardToken: 'tok_decline' }, shipping: { name: 'A', address: 'B' } };
      assert.equal((await checkout(session, crypto.randomUUID(), body)).status, 402);
      const [failed = 0] = idsOf(await session.expect(200, 'GET', '/orders?status=failed'));
      const declined = 'payment-declined';
      assert.deepEqual(await stepsOf(failed), [...placed, `failing: ${declined}`, `failed: ${declined}`]);
      const stranger = (await open()).session;
      await stranger.refused(404, 'not-found', 'GET', `/orders/${made.id}/history`);
    }),
    named('orders are found by time, state and what was ordered', async () => {
      const manager = await context.as('manager');
      const [oak, elm] = [
        await make(manager, { onHand: 9, name: `Oak 100%_ ${context.run}` }),
        await make(manager, { onHand: 9, name: `Elm \\ ${context.run}` }),
      ];
      const { session, user } = await open();
      const made: { id: number; createdAt: string }[] = [];
      for (const product of [oak, elm]) {
        await fillCart(session, [[product.id, 1]]);
        made.push((await checkout(session, crypto.randomUUID())).body);
      }
      const [first, second] = made;
      assert.ok(first !== undefined && second !== undefined);
      const found = async (query: string) => idsOf(await session.expect(200, 'GET', `/orders?${query}`));
      const q = (text: string) => `q=${encodeURIComponent(text)}`;
      assert.deepEqual(await found(q('oak')), [first.id]);
      assert.deepEqual(await found(q('100%_')), [first.id]);
      assert.deepEqual(await found(q('\\')), [second.id]);
      assert.deepEqual(await found(q('o_k')), []);
      assert.deepEqual(await found(q(context.run)), [second.id, first.id]);
      const from = encodeURIComponent(second.createdAt);
      assert.deepEqual(await found(`from=${from}`), [second.id]);
      assert.deepEqual(await found(`to=${from}&status=confirmed`), [first.id]);
      assert.deepEqual(await found(`from=2000-01-01T00:00:00Z&status=shipped`), []);
      await session.refused(400, 'bad-request', 'GET', '/orders?from=0000-01-01T00:00:00Z');
      const agent = await context.as('agent');
      await eventually(async () => {
        const page = await agent.expect(200, 'GET', `/orders?customerId=${user.id}&${q('elm')}`);
        assert.deepEqual(idsOf(page), [second.id]);
      });
      await session.refused(403, 'forbidden', 'GET', `/orders?customerId=${user.id + 1}`);
    }),
  ];
}
