import assert from 'node:assert/strict';
import { orderMaker } from './orders.ts';
import type { ContractCase, ContractContext } from './context.ts';
import { eventually, type Session } from './session.ts';

/** An order that is on its way to its customer: what is sent back from then on is refunded by lines. */
export function shippedOrderMaker(context: ContractContext) {
  const order = orderMaker(context);
  return async (quantity: number) => {
    const made = await order({ quantity, onHand: quantity + 3, amount: '10.50' });
    const agent = await context.as('agent');
    const body = { event: 'shipped', place: 'Hub 7' };
    await eventually(() => agent.expect(200, 'POST', `/orders/${made.order.id}/tracking`, { body }));
    return made;
  };
}

export function refundCases(context: ContractContext): ContractCase[] {
  const shipped = shippedOrderMaker(context);
  const named = (name: string, run: () => Promise<void>): ContractCase => ({ name: `refunds: ${name}`, run });
  const refund = (session: Session, id: number, key: string, lines: unknown[]) =>
    session.call('POST', `/orders/${id}/refunds`, {
      headers: { 'idempotency-key': key },
      body: { reason: 'Scratched', lines },
    });
  return [
    named(
      'lines go back at the price that was paid, once for each key, and no more than was bought',
      async () => {
        const { session, product, order } = await shipped(3);
        const manager = await context.as('manager');
        const key = crypto.randomUUID();
        const lines = [{ productId: product.id, quantity: 2, restock: true }];
        const answers = [
          ...(await Promise.all([1, 2, 3].map(() => refund(manager, order.id, key, lines)))),
          await refund(manager, order.id, key, lines),
        ];
        for (const { status, body } of answers) {
          assert.deepEqual([status, body], [201, answers[0]?.body]);
          assert.deepEqual([body.status, body.amount.amount], ['done', '21.00']);
        }
        const seen = await eventually(async () => {
          const now = await session.expect(200, 'GET', `/orders/${order.id}`);
          assert.equal(now.payment, 'partly-refunded');
          return now;
        });
        assert.deepEqual([seen.status, seen.refunded.amount], ['shipped', '21.00']);
        await eventually(async () => {
          const stock = await session.expect(200, 'GET', `/products/${product.id}/availability`);
          assert.deepEqual([stock.onHand, stock.reserved], [5, 0]);
        });
        const { items } = await session.expect(200, 'GET', `/orders/${order.id}/refunds`);
        assert.deepEqual(items, [answers[0]?.body]);
        const other = await refund(manager, order.id, key, [{ productId: product.id, quantity: 1 }]);
        assert.deepEqual([other.status, other.body.code], [422, 'idempotency-key-reused']);
        const more = await refund(manager, order.id, crypto.randomUUID(), lines);
        assert.deepEqual([more.status, more.body.code], [409, 'refund-exceeds']);
        const unknown = await refund(manager, order.id, crypto.randomUUID(), [
          { productId: 2_147_483_647, quantity: 1 },
        ]);
        assert.deepEqual([unknown.status, unknown.body.code], [422, 'unknown-product']);
        const whole = await manager.expect(200, 'POST', `/orders/${order.id}/refund`);
        assert.deepEqual(
          [whole.status, whole.payment, whole.refunded.amount],
          ['refunded', 'refunded', '31.50'],
        );
      },
    ),
    named('what was not shipped is cancelled, not refunded; and customers refund nothing', async () => {
      const { session, product, order } = await shipped(1);
      const lines = [{ productId: product.id, quantity: 1 }];
      assert.equal((await refund(session, order.id, crypto.randomUUID(), lines)).status, 403);
      const agent = await context.as('agent');
      assert.equal((await refund(agent, order.id, crypto.randomUUID(), lines)).status, 403);
      const fresh = await orderMaker(context)();
      const manager = await context.as('manager');
      const early = await eventually(() =>
        refund(manager, fresh.order.id, crypto.randomUUID(), [{ productId: fresh.product.id, quantity: 1 }]),
      );
      assert.deepEqual([early.status, early.body.code], [409, 'illegal-move']);
    }),
  ];
}
