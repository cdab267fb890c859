import assert from 'node:assert/strict';
import { productMaker } from './catalogue-products.ts';
import type { ContractCase, ContractContext } from './context.ts';

export function availabilityCases(context: ContractContext): ContractCase[] {
  const make = productMaker(context);
  const named = (name: string, run: () => Promise<void>): ContractCase => ({ name: `stock: ${name}`, run });
  return [
    named('an adjustment takes effect once, however often it is sent', async () => {
      const manager = await context.as('manager');
      const product = await make(manager, { onHand: 5 });
      const path = `/products/${product.id}/stock-adjustments`;
      const body = { delta: 3, reason: 'delivery', adjustmentId: crypto.randomUUID() };
      const answers = await Promise.all(
        Array.from({ length: 6 }, () => manager.call('POST', path, { body })),
      );
      assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 200, 200, 200, 200, 201]);
      for (const answer of answers) assert.deepEqual(answer.body, answers[0]?.body);
      const { onHand } = await manager.expect(200, 'GET', `/products/${product.id}/availability`);
      assert.equal(onHand, 8);
      await manager.refused(409, 'adjustment-conflict', 'POST', path, { body: { ...body, delta: 4 } });
      const other = await make(manager);
      await manager.refused(409, 'adjustment-conflict', 'POST', `/products/${other.id}/stock-adjustments`, {
        body,
      });
    }),
    named('less than what is reserved is never left', async () => {
      const manager = await context.as('manager');
      const product = await make(manager, { onHand: 5 });
      const customer = await context.as('customer');
      await customer.expect(201, 'PUT', `/reservations/${crypto.randomUUID()}`, {
        body: { lines: [{ productId: product.id, quantity: 4 }] },
      });
      const adjust = (delta: number) =>
        manager.call('POST', `/products/${product.id}/stock-adjustments`, {
          body: { delta, reason: 'count', adjustmentId: crypto.randomUUID() },
        });
      const refused = await adjust(-2);
      assert.deepEqual([refused.status, refused.body.code], [409, 'stock-below-reserved']);
      assert.equal((await adjust(-1)).status, 201);
      assert.deepEqual(await manager.expect(200, 'GET', `/products/${product.id}/availability`), {
        productId: product.id,
        onHand: 4,
        reserved: 4,
        available: 0,
      });
      await manager.refused(404, 'not-found', 'POST', '/products/2147483647/stock-adjustments', {
        body: { delta: 1, reason: 'x', adjustmentId: crypto.randomUUID() },
      });
    }),
    named('availability of many is in product-id order, without those that do not exist', async () => {
      const manager = await context.as('manager');
      const [a, b] = [await make(manager, { onHand: 1 }), await make(manager, { onHand: 2 })];
      const productIds = [b.id, 2_147_483_647, a.id, b.id];
      const { items } = await manager.expect(200, 'POST', '/availability', { body: { productIds } });
      assert.deepEqual(items, [
        { productId: a.id, onHand: 1, reserved: 0, available: 1 },
        { productId: b.id, onHand: 2, reserved: 0, available: 2 },
      ]);
      const guest = context.guest();
      const many = Array.from({ length: 201 }, (_, index) => index + 1);
      await guest.expect(200, 'POST', '/availability', { body: { productIds: many.slice(1) } });
      await guest.refused(400, 'bad-request', 'POST', '/availability', { body: { productIds: many } });
      await guest.refused(404, 'not-found', 'GET', '/products/2147483647/availability');
    }),
  ];
}
