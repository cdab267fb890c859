import assert from 'node:assert/strict';
import { productMaker } from './catalogue-products.ts';
import { checkout, fillCart } from './orders.ts';
import type { ContractCase, ContractContext } from './context.ts';
import { Session } from './session.ts';
import { accountMaker } from './users.ts';

/** The shop's own; a proxy in front may set others. */
const cookieName = 'shop_cart';

const linesOf = (cart: { items: { productId: number; quantity: number }[] }) =>
  cart.items.map(({ productId, quantity }) => [productId, quantity]).sort();

/** Carts of guests, who are known by a signed cookie, and what becomes of them when the guest signs in. */
export function cartCases(context: ContractContext): ContractCase[] {
  const open = accountMaker(context);
  const make = productMaker(context);
  const named = (name: string, run: () => Promise<void>): ContractCase => ({ name: `carts: ${name}`, run });
  const products = async (count: number): Promise<number[]> => {
    const manager = await context.as('manager');
    const made: number[] = [];
    for (let number = 0; number < count; number += 1)
      made.push((await make(manager, { onHand: 9, amount: '1.10' })).id as number);
    return made;
  };
  return [
    named('a guest has a cart of one’s own, which nobody else can name', async () => {
      const [a = 0, b = 0] = await products(2);
      const guest = context.guest();
      assert.deepEqual((await guest.expect(200, 'GET', '/cart')).items, []);
      assert.ok(!guest.cookies.has(cookieName), 'looking at no cart begins none');
      await fillCart(guest, [[a, 2]]);
      await guest.expect(200, 'PUT', `/cart/items/${b}`, { body: { quantity: 1 } });
      const cart = await guest.expect(200, 'GET', '/cart');
      assert.deepEqual(
        linesOf(cart),
        [
          [a, 2],
          [b, 1],
        ].sort(),
      );
      assert.equal(cart.total.amount, '3.30');
      assert.deepEqual((await context.guest().expect(200, 'GET', '/cart')).items, []);
      const value = guest.cookies.get(cookieName) ?? '';
      const forged = context.guest();
      const [id = '', signature = ''] = value.split('.');
      for (const wrong of [
        id,
        `${id}.`,
        `${id}.${signature.slice(0, -2)}AA`,
        `${crypto.randomUUID()}.${signature}`,
      ]) {
        forged.cookies.set(cookieName, wrong);
        assert.deepEqual((await forged.expect(200, 'GET', '/cart')).items, [], wrong);
      }
      await guest.expect(200, 'DELETE', `/cart/items/${a}`);
      assert.deepEqual(linesOf(await guest.expect(200, 'GET', '/cart')), [[b, 1]]);
      const answer = await guest.call('POST', '/orders', {
        body: { payment: { cardToken: 'tok_visa' }, shipping: { name: 'A', address: 'B' } },
        headers: { 'idempotency-key': crypto.randomUUID() },
      });
      assert.equal(answer.status, 401);
    }),
    named('who signs in sees both carts, and the first change makes them one', async () => {
      const [a = 0, b = 0, c = 0] = await products(3);
      const { session } = await open();
      await fillCart(session, [
        [a, 1],
        [b, 1],
      ]);
      const guest = context.guest();
      await fillCart(guest, [
        [b, 2],
        [c, 3],
      ]);
      const stolen = guest.cookies.get(cookieName) ?? '';
      guest.token = session.token;
      const both = [
        [a, 1],
        [b, 3],
        [c, 3],
      ].sort();
      assert.deepEqual(linesOf(await guest.expect(200, 'GET', '/cart')), both);
      await guest.expect(200, 'PUT', `/cart/items/${a}`, { body: { quantity: 1 } });
      assert.ok(!guest.cookies.has(cookieName), 'the cookie has done its work');
      assert.deepEqual(linesOf(await guest.expect(200, 'GET', '/cart')), both);
      // The same cookie again brings nothing more.
      guest.cookies.set(cookieName, stolen);
      await guest.expect(200, 'PUT', `/cart/items/${a}`, { body: { quantity: 2 } });
      const again = [
        [a, 2],
        [b, 3],
        [c, 3],
      ].sort();
      assert.deepEqual(linesOf(await guest.expect(200, 'GET', '/cart')), again);
    }),
    named('a checkout orders what was put together as a guest, too', async () => {
      const [a = 0] = await products(1);
      const { session } = await open();
      const guest = context.guest();
      await fillCart(guest, [[a, 2]]);
      guest.token = session.token;
      const answer = await checkout(guest, crypto.randomUUID());
      assert.equal(answer.status, 201, JSON.stringify(answer.body));
      assert.deepEqual(
        answer.body.lines.map(({ productId, quantity }: Record<string, unknown>) => [productId, quantity]),
        [[a, 2]],
      );
      assert.deepEqual((await guest.expect(200, 'GET', '/cart')).items, []);
    }),
    named('a service has no cart', async () => {
      if (context.client === undefined) return;
      const { id, secret } = context.client;
      const body = { grant_type: 'client_credentials', client_id: id, client_secret: secret };
      const issued = await context.guest().send('POST', '/oauth/token', { body });
      if (issued.status !== 200) return;
      const service = new Session(context.baseUrl, issued.body.access_token as string);
      await service.refused(403, 'forbidden', 'GET', '/cart');
    }),
  ];
}
