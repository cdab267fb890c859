import assert from 'node:assert/strict';
import { productMaker } from './catalogue-products.ts';
import { eventually, type Session } from './session.ts';
import type { ContractCase, ContractContext } from './context.ts';
import { accountMaker } from './users.ts';

const shipping = { name: 'Contract Customer', address: 'Long Lane 1, 1000 Town' };
const pays = { payment: { cardToken: 'tok_visa' }, shipping };
const declined = { payment: { cardToken: 'tok_decline' }, shipping };

/** Orders some pieces of one product as a new customer. */
export function orderMaker(context: ContractContext) {
  const open = accountMaker(context);
  const make = productMaker(context);
  return async ({ quantity = 2, onHand = 5, amount = '10.50' } = {}) => {
    const manager = await context.as('manager');
    const product = await make(manager, { onHand, amount });
    const { session, user } = await open();
    await fillCart(session, [[product.id, quantity]]);
    const order = await checkout(session, crypto.randomUUID());
    assert.equal(order.status, 201, JSON.stringify(order.body));
    return { session, user, product, order: order.body };
  };
}

export function fillCart(session: Session, lines: [number, number][]) {
  const items = lines.map(([productId, quantity]) => ({ productId, quantity }));
  // The module that keeps the cart may learn of a new product a little later than its maker.
  return eventually(() => session.expect(200, 'PUT', '/cart', { body: { items } }));
}

export function checkout(session: Session, key: string, body: unknown = pays) {
  return session.call('POST', '/orders', { body, headers: { 'idempotency-key': key } });
}

/** What is on hand and reserved, as soon as the session may see it. */
function expectStock(session: Session, productId: number, onHand: number, reserved: number) {
  return eventually(async () => {
    const stock = await session.expect(200, 'GET', `/products/${productId}/availability`);
    assert.deepEqual([stock.onHand, stock.reserved], [onHand, reserved]);
  });
}

export function orderCases(context: ContractContext): ContractCase[] {
  const open = accountMaker(context);
  const make = productMaker(context);
  const order = orderMaker(context);
  const named = (name: string, run: () => Promise<void>): ContractCase => ({ name: `orders: ${name}`, run });
  return [
    named('the cart shows names, prices and a total, and is its owner’s alone', async () => {
      const manager = await context.as('manager');
      const [a, b] = [
        await make(manager, { onHand: 9, amount: '1.10' }),
        await make(manager, { amount: '2.25' }),
      ];
      const { session } = await open();
      assert.deepEqual((await session.expect(200, 'GET', '/cart')).items, []);
      const cart = await fillCart(session, [
        [a.id, 3],
        [b.id, 1],
      ]);
      assert.equal(cart.total.amount, '5.55');
      const line = cart.items.find((item: { productId: number }) => item.productId === a.id);
      assert.deepEqual([line.name, line.quantity, line.price.amount], [a.name, 3, '1.10']);
      const changed = await session.expect(200, 'PUT', `/cart/items/${a.id}`, { body: { quantity: 1 } });
      assert.equal(changed.total.amount, '3.35');
      for (const _ of [1, 2]) await session.expect(200, 'DELETE', `/cart/items/${b.id}`);
      assert.equal((await session.expect(200, 'GET', '/cart')).total.amount, '1.10');
      const unknown = { body: { items: [{ productId: 2_147_483_647, quantity: 1 }] } };
      await session.refused(422, 'unknown-product', 'PUT', '/cart', unknown);
      assert.deepEqual((await (await open()).session.expect(200, 'GET', '/cart')).items, []);
    }),
    named('a checkout takes the goods and empties the cart', async () => {
      const { session, user, product, order: made } = await order();
      assert.deepEqual([made.status, made.payment, made.total.amount], ['confirmed', 'charged', '21.00']);
      assert.equal(made.userId, user.id);
      assert.deepEqual(made.lines, [
        {
          productId: product.id,
          name: product.name,
          quantity: 2,
          price: { amount: '10.50', currency: 'EUR' },
        },
      ]);
      await expectStock(session, product.id, 3, 0);
      assert.deepEqual((await session.expect(200, 'GET', '/cart')).items, []);
      assert.deepEqual(await session.expect(200, 'GET', `/orders/${made.id}`), made);
      const { items } = await session.expect(200, 'GET', '/orders');
      assert.deepEqual(
        items.map((item: { id: number }) => item.id),
        [made.id],
      );
    }),
    named('one key is one order, however often and however fast it is sent', async () => {
      const product = await make(await context.as('manager'), { onHand: 10 });
      const { session } = await open();
      await fillCart(session, [[product.id, 1]]);
      const key = crypto.randomUUID();
      const answers = await Promise.all(Array.from({ length: 5 }, () => checkout(session, key)));
      answers.push(await checkout(session, key));
      for (const answer of answers) {
        assert.equal(answer.status, 201, JSON.stringify(answer.body));
        assert.deepEqual(answer.body, answers[0]?.body);
      }
      assert.equal((await session.expect(200, 'GET', '/orders')).items.length, 1);
      await expectStock(session, product.id, 9, 0);
      const other = await checkout(session, key, { ...pays, shipping: { ...shipping, name: 'Other' } });
      assert.deepEqual([other.status, other.body.code], [422, 'idempotency-key-reused']);
      const missing = await session.call('POST', '/orders', { body: pays });
      assert.equal(missing.status, 400);
    }),
    named('a declined card gives goods and cart back', async () => {
      const product = await make(await context.as('manager'), { onHand: 4 });
      const { session } = await open();
      await fillCart(session, [[product.id, 3]]);
      const key = crypto.randomUUID();
      for (const _ of [1, 2]) {
        const answer = await checkout(session, key, declined);
        assert.deepEqual([answer.status, answer.body.code], [402, 'payment-declined']);
      }
      await expectStock(session, product.id, 4, 0);
      assert.equal((await session.expect(200, 'GET', '/cart')).items.length, 1);
      assert.equal((await checkout(session, crypto.randomUUID())).status, 201);
      await expectStock(session, product.id, 1, 0);
    }),
    named('what is not there cannot be ordered, and nothing is held for it', async () => {
      const manager = await context.as('manager');
      const [plenty, few] = [await make(manager, { onHand: 9 }), await make(manager, { onHand: 1 })];
      const { session } = await open();
      const empty = await checkout(session, crypto.randomUUID());
      assert.deepEqual([empty.status, empty.body.code], [422, 'cart-empty']);
      await fillCart(session, [
        [plenty.id, 1],
        [few.id, 2],
      ]);
      const answer = await checkout(session, crypto.randomUUID());
      assert.deepEqual([answer.status, answer.body.code], [409, 'out-of-stock']);
      await expectStock(session, plenty.id, 9, 0);
    }),
    named('an order is seen by its customer and by staff', async () => {
      const { order: made, user } = await order();
      const stranger = (await open()).session;
      await stranger.refused(404, 'not-found', 'GET', `/orders/${made.id}`);
      await stranger.refused(404, 'not-found', 'GET', `/orders/${made.id}/tracking`);
      await stranger.refused(404, 'not-found', 'POST', `/orders/${made.id}/cancel`);
      await context.guest().refused(401, 'unauthorized', 'GET', `/orders/${made.id}`);
      const agent = await context.as('agent');
      await eventually(() => agent.expect(200, 'GET', `/orders/${made.id}`));
      const { items } = await agent.expect(200, 'GET', `/orders?customerId=${user.id}`);
      assert.equal(items.length, 1);
    }),
    named('a cancelled order gives the money and the goods back', async () => {
      const { session, product, order: made } = await order();
      const path = `/orders/${made.id}/cancel`;
      const cancelled = await session.expect(200, 'POST', path);
      assert.deepEqual([cancelled.status, cancelled.payment], ['cancelled', 'refunded']);
      await expectStock(session, product.id, 5, 0);
      const again = await session.call('POST', path);
      assert.ok([200, 409].includes(again.status));
      await expectStock(session, product.id, 5, 0);
    }),
    named('a parcel is tracked step by step, and a shipped order is refunded by a manager only', async () => {
      const { session, order: made } = await order();
      const agent = await context.as('agent');
      const path = `/orders/${made.id}/tracking`;
      const note = (event: string) => agent.call('POST', path, { body: { event, place: 'Hub 7' } });
      assert.equal((await note('delivered')).status, 409);
      await session.refused(403, 'forbidden', 'POST', path, { body: { event: 'shipped', place: '' } });
      for (const event of ['packed', 'shipped', 'shipped'])
        assert.equal((await note(event)).status, 200, event);
      const tracking = await eventually(async () => {
        const seen = await session.expect(200, 'GET', path);
        assert.equal(seen.status, 'shipped');
        return seen;
      });
      assert.deepEqual(
        tracking.events.map(({ event }: { event: string }) => event),
        ['confirmed', 'packed', 'shipped'],
      );
      assert.equal((await session.call('POST', `/orders/${made.id}/cancel`)).status, 409);
      await session.refused(403, 'forbidden', 'POST', `/orders/${made.id}/refund`);
      const manager = await context.as('manager');
      const refunded = await manager.expect(200, 'POST', `/orders/${made.id}/refund`);
      assert.deepEqual([refunded.status, refunded.payment], ['refunded', 'refunded']);
    }),
    named('orders are listed newest first, page by page', async () => {
      const product = await make(await context.as('manager'), { onHand: 9 });
      const { session } = await open();
      const made: number[] = [];
      for (let index = 0; index < 3; index += 1) {
        await fillCart(session, [[product.id, 1]]);
        made.unshift((await checkout(session, crypto.randomUUID())).body.id as number);
      }
      const seen: number[] = [];
      let cursor = '';
      do {
        const page = await session.expect(200, 'GET', `/orders?limit=2${cursor}`);
        seen.push(...page.items.map((item: { id: number }) => item.id));
        cursor = page.nextCursor === null ? '' : `&cursor=${page.nextCursor}`;
      } while (cursor !== '');
      assert.deepEqual(seen, made);
      assert.deepEqual((await session.expect(200, 'GET', '/orders?status=shipped')).items, []);
      await session.refused(400, 'bad-request', 'GET', '/orders?cursor=junk');
    }),
  ];
}
