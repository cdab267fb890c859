import assert from 'node:assert/strict';
import { productMaker } from './catalogue-products.ts';
import type { ContractCase, ContractContext } from './context.ts';

interface Hit {
  id: number;
  score: number;
}

export function searchCases(context: ContractContext): ContractCase[] {
  const make = productMaker(context);
  const named = (name: string, run: () => Promise<void>): ContractCase => ({ name: `search: ${name}`, run });
  // A word of this run alone, in no other product's name; of consonants, so that no stemmer shortens it.
  const word = [...context.run].reverse().join('');
  const search = (query: string) => `/search/products?q=${encodeURIComponent(query)}`;
  return [
    named('a name weighs more than a description, and ties are broken by id', async () => {
      const manager = await context.as('manager');
      const inText = await make(manager, { name: 'Plain thing', description: `It has ${word} in its text` });
      const inName = await make(manager, { name: `${word} thing`, description: 'It has it in its name' });
      const twin = await make(manager, { name: `${word} thing`, description: 'It has it in its name' });
      const { items, total } = await manager.expect(200, 'GET', search(word));
      assert.equal(total, 3);
      assert.deepEqual(
        items.map((hit: Hit) => hit.id),
        [inName.id, twin.id, inText.id],
      );
      assert.equal(items[0].score, items[1].score);
      assert.ok(items[1].score > items[2].score);
      for (const hit of items) assert.equal(hit.score, Number(hit.score.toFixed(6)));
      const page = await manager.expect(200, 'GET', `${search(word)}&limit=1&offset=1`);
      assert.deepEqual([page.items[0].id, page.total], [twin.id, 3]);
      const past = await manager.expect(200, 'GET', `${search(word)}&offset=50`);
      assert.deepEqual([past.items, past.total], [[], 3]);
      await manager.expect(204, 'DELETE', `/products/${twin.id}`);
      assert.equal((await manager.expect(200, 'GET', search(word))).total, 2);
    }),
    named('words match in any form of theirs', async () => {
      const manager = await context.as('manager');
      const product = await make(manager, { name: `Folding chairs ${word}stem` });
      const { items } = await manager.expect(200, 'GET', search(`chair ${word}stem folded`));
      assert.deepEqual(
        items.map((hit: Hit) => hit.id),
        [product.id],
      );
    }),
    named('a typing error is forgiven where no word matches', async () => {
      const manager = await context.as('manager');
      const product = await make(manager, { name: `Quillwort${word} lantern` });
      const { items } = await manager.expect(200, 'GET', search(`Quilwort${word}`));
      assert.ok(
        items.some((hit: Hit) => hit.id === product.id),
        'the misspelt name was not found',
      );
      assert.ok(items[0].score <= 1);
    }),
    named('odd queries are answered, and find nothing', async () => {
      const guest = context.guest();
      const odd = [
        "'; drop table products; --",
        '"unbalanced',
        '& | ! ( )',
        ':*',
        '%_%',
        '\\',
        '😀',
        ' ',
        '<->',
        '-',
      ];
      for (const query of odd) await guest.expect(200, 'GET', search(`${query}`));
      await guest.refused(400, 'bad-request', 'GET', '/search/products');
      await guest.refused(400, 'bad-request', 'GET', '/search/products?q=');
      await guest.refused(400, 'bad-request', 'GET', '/search/products?q=a%00b');
      await guest.refused(400, 'bad-request', 'GET', `/search/products?q=${'x'.repeat(201)}`);
      await guest.refused(400, 'bad-request', 'GET', '/search/products?q=x&limit=101');
    }),
  ];
}
