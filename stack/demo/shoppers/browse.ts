import { centsOf } from './money.ts';
import type { Random } from './random.ts';
import { field, itemsOf } from './read-answer.ts';
import type { Ask, ShopClient } from './shop-client.ts';

const searches = [
  'garden chair',
  'lamp',
  'steel',
  'oak table',
  'keybord',
  'bycicle',
  'waterproof jacket',
  'mug',
];

/** What every shopper may know without a ledger: the shape, the filter and the order of what it asked for. */
export async function browse(client: ShopClient, random: Random, products: number): Promise<void> {
  switch (random.choose({ list: 6, search: 3, product: 18, availability: 6, many: 4, categories: 1 })) {
    case 'list':
      return list(client, random);
    case 'search':
      return search(client, random);
    case 'product':
      return one(client, random.between(1, products));
    case 'availability':
      return availability(client, random.between(1, products));
    case 'many':
      return availabilities(
        client,
        Array.from({ length: random.between(2, 20) }, () => random.between(1, products)),
      );
    case 'categories':
      return categories(client);
  }
}

async function list(client: ShopClient, random: Random): Promise<void> {
  const sort = random.pick(['id', '-id', 'price', '-price']);
  const categoryId = random.between(1, 40);
  const minPrice = random.between(1, 200);
  const query = `categoryId=${categoryId}&minPrice=${minPrice}&sort=${sort}&limit=20`;
  const ask: Ask = { method: 'GET', path: `/products?${query}`, route: '/products', moving: true };
  const body = await client.expect(200, ask);
  if (body === undefined) return;
  const items = itemsOf(body);
  if (items === undefined || items.length > 20) return client.wrong(ask, 'no page of at most 20 items');
  const keys = items.map((item) =>
    sort.endsWith('price') ? centsOf(field(field(item, 'price'), 'amount')) : Number(field(item, 'id')),
  );
  const ordered = keys.every((key, index) => {
    const before = keys[index - 1] ?? key;
    return sort.startsWith('-') ? before >= key : before <= key;
  });
  if (!ordered) client.wrong(ask, `not in order: ${keys.join(', ')}`);
  for (const item of items) {
    const fits =
      field(item, 'categoryId') === categoryId &&
      field(item, 'status') === 'active' &&
      centsOf(field(field(item, 'price'), 'amount')) >= minPrice * 100;
    if (!fits) return client.wrong(ask, `an item outside the filter: ${JSON.stringify(item)}`);
  }
}

async function search(client: ShopClient, random: Random): Promise<void> {
  const q = random.pick(searches);
  const ask: Ask = {
    method: 'GET',
    path: `/search/products?q=${encodeURIComponent(q)}&limit=10`,
    route: '/search/products',
    moving: true,
  };
  const body = await client.expect(200, ask);
  if (body === undefined) return;
  const items = itemsOf(body);
  if (items === undefined || items.length > 10) return client.wrong(ask, 'no list of at most 10 hits');
  const scores = items.map((item) => Number(field(item, 'score')));
  if (!scores.every((score, index) => score <= (scores[index - 1] ?? Infinity)))
    client.wrong(ask, `hits are not best first: ${scores.join(', ')}`);
}

async function one(client: ShopClient, id: number): Promise<void> {
  const ask: Ask = { method: 'GET', path: `/products/${id}`, route: '/products/:id', moving: true };
  const body = await client.expect(200, ask);
  if (body === undefined) return;
  const sane = field(body, 'id') === id && Number(field(body, 'available')) >= 0;
  if (!sane) client.wrong(ask, `it shows ${JSON.stringify(body)}`);
}

function stockIsWrong(item: unknown): boolean {
  const [onHand, reserved] = [Number(field(item, 'onHand')), Number(field(item, 'reserved'))];
  return !(reserved >= 0 && onHand >= reserved && field(item, 'available') === onHand - reserved);
}

async function availability(client: ShopClient, id: number): Promise<void> {
  const ask: Ask = {
    method: 'GET',
    path: `/products/${id}/availability`,
    route: '/products/:id/availability',
    moving: true,
  };
  const body = await client.expect(200, ask);
  if (body !== undefined && stockIsWrong(body)) client.wrong(ask, `it shows ${JSON.stringify(body)}`);
}

async function availabilities(client: ShopClient, productIds: readonly number[]): Promise<void> {
  const ask: Ask = {
    method: 'POST',
    path: '/availability',
    route: '/availability',
    moving: true,
    write: false,
    body: { productIds },
  };
  const body = await client.expect(200, ask);
  if (body === undefined) return;
  const expected = [...new Set(productIds)].sort((a, b) => a - b);
  const items = itemsOf(body) ?? [];
  const ids = items.map((item) => field(item, 'productId'));
  if (ids.join() !== expected.join()) client.wrong(ask, `asked for ${expected.join()}, got ${ids.join()}`);
  else if (items.some(stockIsWrong)) client.wrong(ask, `it shows ${JSON.stringify(items)}`);
}

async function categories(client: ShopClient): Promise<void> {
  const ask: Ask = { method: 'GET', path: '/categories', route: '/categories', moving: true };
  const body = await client.expect(200, ask);
  if (body !== undefined && itemsOf(body)?.length !== 40)
    client.wrong(ask, `40 categories expected, ${itemsOf(body)?.length} came`);
}
