import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { resolveGroup } from '#plan/mapping/load-flows.ts';
import { carry, catalogueGroup } from './carry-rows.ts';
import { startCatalogueAlone, type CatalogueAlone } from './catalogue-alone.ts';
import { startMonolithAlone, type MonolithAlone } from './monolith-alone.ts';
import { Session } from './session.ts';

let monolith: MonolithAlone;
let service: CatalogueAlone;
let left: Session;
let right: Session;

beforeAll(async () => {
  [monolith, service] = await Promise.all([startMonolithAlone({ scale: 0.1 }), startCatalogueAlone()]);
  const from = new pg.Client({ connectionString: monolith.cluster.url(monolith.database) });
  const to = new pg.Client({ connectionString: service.cluster.url(service.database) });
  await Promise.all([from.connect(), to.connect()]);
  const { flows } = await resolveGroup(catalogueGroup, from, to);
  await carry(from, to, flows.forward);
  await Promise.all([from.end(), to.end()]);
  left = new Session(monolith.baseUrl);
  right = new Session(service.baseUrl);
});

afterAll(async () => {
  await monolith?.stop();
  await service?.stop();
});

async function sameAnswer(method: string, path: string, body?: unknown) {
  const headers = { 'x-request-id': 'same-answers' };
  const [a, b] = await Promise.all(
    [left, right].map((side) =>
      side.call(method, path, { headers, ...(body === undefined ? {} : { body }) }),
    ),
  );
  expect([path, b?.status, b?.body]).toEqual([path, a?.status, a?.body]);
  expect(b?.headers.get('content-type')).toBe(a?.headers.get('content-type'));
  return a?.body;
}

describe('on equal rows, the service answers as the monolith does', () => {
  test('categories and single products, those that are missing included', async () => {
    const { items } = await sameAnswer('GET', '/categories');
    for (const { id } of items) await sameAnswer('GET', `/categories/${id}`);
    for (const id of [1, 2, 17, 500, 2_147_483_647]) {
      await sameAnswer('GET', `/products/${id}`);
      await sameAnswer('GET', `/products/${id}/availability`);
    }
    await sameAnswer('POST', '/availability', { productIds: [5, 3, 3, 999_999, 1] });
  });

  test('every sort and filter, page by page, each side reading the other’s cursors', async () => {
    for (const sort of ['id', '-id', 'price', '-price', 'name']) {
      for (const filter of [
        '',
        '&inStock=true',
        '&inStock=false',
        '&categoryId=3',
        '&minPrice=20&maxPrice=50.5',
      ]) {
        let cursor = '';
        for (let page = 0; page < 4; page += 1) {
          const { nextCursor } = await sameAnswer('GET', `/products?sort=${sort}&limit=37${filter}${cursor}`);
          if (nextCursor === null) break;
          cursor = `&cursor=${nextCursor}`;
        }
      }
    }
  });

  test('searches: words, stems, phrases, typing errors and nonsense', async () => {
    const { items } = await left.expect(200, 'GET', '/products?limit=100&sort=name');
    const words = new Set<string>();
    for (const { name } of items as { name: string }[]) for (const word of name.split(/\W+/)) words.add(word);
    const known = [...words].filter((word) => word.length > 3).slice(0, 40);
    const misspelt = known.map((word) => word.slice(0, 2) + word.slice(3));
    const swapped = known.map(
      (word) => `${word.slice(0, 1)}${word.slice(2, 3)}${word.slice(1, 2)}${word.slice(3)}`,
    );
    const pairs = known.slice(1).map((word, index) => `${known[index]} ${word}`);
    const odd = [
      '"',
      'the',
      'or',
      '-',
      ' ',
      'a b c',
      '"exact phrase"',
      known[0] + ' or ' + known[1],
      'ünïcödé',
      '%',
    ];
    let hits = 0;
    for (const q of [...known, ...misspelt, ...swapped, ...pairs, ...odd]) {
      const answer = await sameAnswer('GET', `/search/products?q=${encodeURIComponent(q)}&limit=50`);
      hits += answer.items.length;
      await sameAnswer('GET', `/search/products?q=${encodeURIComponent(q)}&limit=5&offset=3`);
    }
    expect(hits).toBeGreaterThan(500);
  });

  test('refusals of reads, down to their text', async () => {
    const paths = [
      '/products?limit=0',
      '/products?limit=abc',
      '/products?sort=nope',
      '/products?inStock=maybe',
      '/products?minPrice=1e3',
      '/products?cursor=junk',
      '/products/0',
      '/products/abc',
      '/products/99999999999',
      '/categories/4711',
      '/search/products',
      '/search/products?q=',
      '/search/products?q=x&offset=10001',
      '/search/products?q=%00',
    ];
    for (const path of paths) await sameAnswer('GET', path);
    await sameAnswer('POST', '/availability', { productIds: [] });
    await sameAnswer('POST', '/availability', { productIds: [1], more: 1 });
    await sameAnswer('POST', '/availability', '{');
    await sameAnswer('GET', `/reservations/${crypto.randomUUID()}`);
  });
});
