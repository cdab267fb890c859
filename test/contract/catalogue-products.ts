import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { eventually, type Session } from './session.ts';
import type { ContractCase, ContractContext } from './context.ts';

export interface NewProduct {
  name?: string;
  description?: string;
  amount?: string;
  onHand?: number;
}

/** Makes a product nobody else uses, in whichever category comes first. */
export function productMaker({ run }: ContractContext) {
  let made = 0;
  return async (manager: Session, product: NewProduct = {}) => {
    made += 1;
    const number = made;
    const { items } = await manager.expect(200, 'GET', '/categories');
    assert.ok(items.length > 0, 'the shop has no category');
    return manager.expect(201, 'POST', '/products', {
      body: {
        sku: `CT-${run}-${number}-${randomInt(1e9)}`,
        name: product.name ?? `Contract ${run} ${number}`,
        categoryId: items[0].id,
        price: { amount: product.amount ?? '19.90' },
        ...(product.description === undefined ? {} : { description: product.description }),
        ...(product.onHand === undefined ? {} : { onHand: product.onHand }),
      },
    });
  };
}

/** A price that no other product of the shop has: it picks out this run's products in a shop full of others. */
const rarePrice = () => `${randomInt(5_000_000, 9_999_999)}.${randomInt(10, 99)}`;

export function productCases(context: ContractContext): ContractCase[] {
  const make = productMaker(context);
  const named = (name: string, run: () => Promise<void>): ContractCase => ({
    name: `products: ${name}`,
    run,
  });
  return [
    named('categories are listed by id and found one by one', async () => {
      const guest = context.guest();
      const { items } = await guest.expect(200, 'GET', '/categories');
      assert.deepEqual(
        items.map((item: { id: number }) => item.id),
        items.map((item: { id: number }) => item.id).sort((a: number, b: number) => a - b),
      );
      const one = await guest.expect(200, 'GET', `/categories/${items[0].id}`);
      assert.equal(one.slug, items[0].slug);
      await guest.refused(404, 'not-found', 'GET', '/categories/2147483647');
    }),
    named('what a manager adds is read back as it was written', async () => {
      const manager = await context.as('manager');
      const answer = await manager.call('POST', '/products', {
        body: {
          sku: `CT-${context.run}-back`,
          name: 'Naïve “quoted” name — ✓ 😀',
          description: "It's 100 % <b>plain</b> text; \\ and ' too.",
          categoryId: (await manager.expect(200, 'GET', '/categories')).items[0].id,
          price: { amount: '7.5' },
          onHand: 3,
        },
      });
      assert.equal(answer.status, 201);
      const product = answer.body;
      assert.equal(answer.headers.get('location'), `/products/${product.id}`);
      assert.deepEqual(product.price, { amount: '7.50', currency: 'EUR' });
      assert.equal(product.status, 'active');
      assert.equal(product.available, 3);
      assert.deepEqual(await manager.expect(200, 'GET', `/products/${product.id}`), product);
      assert.match(product.createdAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    }),
    named('a sku belongs to one product, and a category must exist', async () => {
      const manager = await context.as('manager');
      const product = await make(manager);
      const body = { sku: product.sku, name: 'x', categoryId: product.categoryId, price: { amount: '1' } };
      await manager.refused(409, 'sku-taken', 'POST', '/products', { body });
      const nowhere = { ...body, sku: `${product.sku}-b`, categoryId: 2_147_483_646 };
      await manager.refused(422, 'unknown-category', 'POST', '/products', { body: nowhere });
      await manager.refused(422, 'unknown-category', 'PATCH', `/products/${product.id}`, {
        body: { categoryId: 2_147_483_646 },
      });
    }),
    named('a change touches what it names and nothing else', async () => {
      const manager = await context.as('manager');
      const before = await make(manager, { onHand: 2, description: 'as it was' });
      const path = `/products/${before.id}`;
      const after = await manager.expect(200, 'PATCH', path, {
        body: { name: 'Renamed', price: { amount: '0.99' } },
      });
      assert.deepEqual(
        { ...after, updatedAt: '' },
        { ...before, name: 'Renamed', price: { amount: '0.99', currency: 'EUR' }, updatedAt: '' },
      );
      assert.ok(after.updatedAt >= before.updatedAt);
      const priced = await manager.expect(200, 'PUT', `${path}/price`, { body: { amount: '1234567.89' } });
      assert.equal(priced.price.amount, '1234567.89');
      assert.deepEqual(await manager.expect(200, 'GET', path), priced);
      await manager.refused(404, 'not-found', 'PATCH', '/products/2147483647', { body: { name: 'x' } });
    }),
    named('an archived product is kept, and is listed no more', async () => {
      const manager = await context.as('manager');
      const amount = rarePrice();
      const product = await make(manager, { amount, onHand: 1 });
      const listed = async () =>
        (await manager.expect(200, 'GET', `/products?minPrice=${amount}&maxPrice=${amount}`)).items.length;
      assert.equal(await listed(), 1);
      await manager.expect(204, 'DELETE', `/products/${product.id}`);
      await manager.expect(204, 'DELETE', `/products/${product.id}`);
      assert.equal((await manager.expect(200, 'GET', `/products/${product.id}`)).status, 'archived');
      assert.equal(await listed(), 0);
      await manager.expect(200, 'PATCH', `/products/${product.id}`, { body: { status: 'active' } });
      assert.equal(await listed(), 1);
    }),
    named('only managers and admins may edit', async () => {
      const product = await make(await context.as('manager'));
      const customer = await context.as('customer');
      const guest = context.guest();
      const edits: [string, string, unknown][] = [
        ['POST', '/products', { sku: 'x', name: 'x', categoryId: 1, price: { amount: '1' } }],
        ['PATCH', `/products/${product.id}`, { name: 'x' }],
        ['PUT', `/products/${product.id}/price`, { amount: '1' }],
        ['DELETE', `/products/${product.id}`, undefined],
        [
          'POST',
          `/products/${product.id}/stock-adjustments`,
          { delta: 1, reason: 'x', adjustmentId: crypto.randomUUID() },
        ],
      ];
      for (const [method, path, body] of edits) {
        await guest.refused(401, 'unauthorized', method, path, { body });
        await customer.refused(403, 'forbidden', method, path, { body });
      }
      const forged = context.guest();
      forged.token = `${(customer.token ?? '').split('.').slice(0, 2).join('.')}.${'A'.repeat(86)}`;
      await forged.refused(401, 'unauthorized', 'DELETE', `/products/${product.id}`);
      const admin = await context.as('admin');
      await admin.expect(200, 'PUT', `/products/${product.id}/price`, { body: { amount: '2.00' } });
    }),
    named('pages neither repeat nor skip, in every sort, while products are added', async () => {
      const manager = await context.as('manager');
      const amount = rarePrice();
      const names = ['Zebra', 'apple', 'Äpfel', 'apple', 'Mango'];
      const made: { id: number; name: string }[] = [];
      for (const name of names) made.push(await make(manager, { amount, name, onHand: made.length % 2 }));
      const byCodePoint = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
      const expected: Record<string, number[]> = {
        id: made.map(({ id }) => id),
        '-id': made.map(({ id }) => id).reverse(),
        price: made.map(({ id }) => id),
        '-price': made.map(({ id }) => id).reverse(),
        name: made.toSorted((a, b) => byCodePoint(a.name, b.name) || a.id - b.id).map(({ id }) => id),
      };
      const page = (sort: string, more = '') =>
        manager.expect(
          200,
          'GET',
          `/products?minPrice=${amount}&maxPrice=${amount}&sort=${sort}&limit=2${more}`,
        );
      for (const [sort, ids] of Object.entries(expected)) {
        const seen: number[] = [];
        let answer = await page(sort);
        for (;;) {
          seen.push(...answer.items.map((item: { id: number }) => item.id));
          if (answer.nextCursor === null) break;
          answer = await page(sort, `&cursor=${answer.nextCursor}`);
        }
        assert.deepEqual(seen, ids, sort);
      }
      const first = await page('-price');
      const late = await make(manager, { amount, name: 'Late' });
      const second = await page('-price', `&cursor=${first.nextCursor}`);
      assert.deepEqual(
        [...first.items, ...second.items].map((item: { id: number }) => item.id),
        expected['-price']?.slice(0, 4),
      );
      assert.ok(!second.items.some((item: { id: number }) => item.id === late.id));
      const inStock = await manager.expect(
        200,
        'GET',
        `/products?minPrice=${amount}&maxPrice=${amount}&inStock=true`,
      );
      assert.deepEqual(
        inStock.items.map((item: { id: number }) => item.id),
        [made[1]?.id, made[3]?.id],
      );
      const out = await manager.expect(
        200,
        'GET',
        `/products?minPrice=${amount}&maxPrice=${amount}&inStock=false`,
      );
      assert.equal(out.items.length, 4);
    }),
    named('a cursor of another sort, or an unreadable one, is refused', async () => {
      const guest = context.guest();
      const cursor = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
      const bad = [
        'junk',
        cursor(null),
        cursor([]),
        cursor({ sort: 'price', last: ['1.00', 1] }),
        cursor({ sort: 'id', last: ['1'] }),
        cursor({ sort: 'id', last: [1, 2] }),
        cursor({ sort: 'id', last: [1e12] }),
      ];
      for (const value of bad)
        await guest.refused(400, 'bad-request', 'GET', `/products?sort=id&cursor=${value}`);
      const price = cursor({ sort: 'price', last: ["1'; drop table prod; --", 1] });
      await guest.refused(400, 'bad-request', 'GET', `/products?sort=price&cursor=${price}`);
    }),
    named('the public cursor format is understood, whoever wrote it', async () => {
      const manager = await context.as('manager');
      const amount = rarePrice();
      const [a, b] = [await make(manager, { amount }), await make(manager, { amount })];
      const cursor = Buffer.from(JSON.stringify({ sort: 'price', last: [amount, a.id] })).toString(
        'base64url',
      );
      const path = `/products?sort=price&minPrice=${amount}&maxPrice=${amount}&cursor=${cursor}`;
      const { items } = await manager.expect(200, 'GET', path);
      assert.deepEqual(
        items.map((item: { id: number }) => item.id),
        [b.id],
      );
    }),
    named('a category counts its active products', async () => {
      const manager = await context.as('manager');
      const { categoryId, id } = await make(manager);
      await manager.expect(204, 'DELETE', `/products/${(await make(manager)).id}`);
      // Others may add and archive meanwhile: the count is compared in a quiet moment.
      await eventually(async () => {
        const listed: number[] = [];
        let cursor = '';
        do {
          const page = await manager.expect(
            200,
            'GET',
            `/products?categoryId=${categoryId}&limit=100${cursor}`,
          );
          listed.push(...page.items.map((item: { id: number }) => item.id));
          cursor = page.nextCursor === null ? '' : `&cursor=${page.nextCursor}`;
        } while (cursor !== '');
        assert.ok(listed.includes(id));
        const { productCount } = await manager.expect(200, 'GET', `/categories/${categoryId}`);
        assert.equal(productCount, listed.length);
      });
    }),
    named('guests see what a manager added', async () => {
      const product = await make(await context.as('manager'), { onHand: 4 });
      const seen = await eventually(() => context.guest().expect(200, 'GET', `/products/${product.id}`));
      assert.equal(seen.sku, product.sku);
    }),
  ];
}
