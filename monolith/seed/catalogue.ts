import type { Client } from 'pg';
import { copyRows, raiseSequence, type Cell } from './copy.ts';
import { createRandom } from './random.ts';
import { adjectives, brands, categories, colours, materials, promises, uses } from './words.ts';

const shopOpenedAt = Date.UTC(2024, 0, 8);
const minuteMs = 60_000;

export interface SeedProduct {
  id: number;
  name: string;
  priceCents: number;
}

/** The products that `seedCatalogue` loads: order lines copy their names and prices. */
export function* products(count: number): Generator<SeedProduct & { row: Cell[]; onHand: number }> {
  const random = createRandom(11);
  for (let id = 1; id <= count; id++) {
    const categoryId = ((id - 1) % categories.length) + 1;
    const category = categories[categoryId - 1];
    if (category === undefined) throw new Error('The word list has no such category.');
    const noun = random.pick(category.nouns);
    const brand = random.pick(brands);
    const material = random.pick(materials);
    const colour = random.pick(colours);
    const name = `${brand} ${random.pick(adjectives)} ${noun} ${100 + (id % 900)}`;
    const description =
      `${noun} by ${brand}, made of ${material}, in ${colour}, ${random.pick(uses)}. ` +
      `${random.pick(promises)} ${random.pick(promises)}`;
    const priceCents = random.between(3, 400) * 100 - (random.chance(0.7) ? 1 : 50);
    const createdAt = new Date(shopOpenedAt + id * 97 * minuteMs).toISOString();
    yield {
      id,
      name,
      priceCents,
      onHand: random.chance(0.03) ? 0 : random.between(20, 5000),
      row: [
        id,
        `${category.slug.slice(0, 3).toUpperCase()}-${String(id).padStart(6, '0')}`,
        name,
        description,
        categoryId,
        priceCents,
        random.chance(0.02) ? 'X' : 'A',
        random.chance(0.9) ? `ERP${700_000 + id}` : null,
        createdAt,
        createdAt,
      ],
    };
  }
}

export async function seedCatalogue(client: Client, count: number): Promise<void> {
  const idBySlug = new Map(categories.map(({ slug }, index) => [slug, index + 1]));
  await copyRows(
    client,
    'cat (cat_id, cat_nm, slug, par_cat_id)',
    categories.map(({ name, slug, parentSlug }, index) => [
      index + 1,
      name,
      slug,
      parentSlug === undefined ? null : (idBySlug.get(parentSlug) ?? null),
    ]),
  );
  const all = [...products(count)];
  await copyRows(
    client,
    'prod (prod_id, prod_cd, prod_nm, prod_dsc, cat_id, price_cents, stat_cd, erp_ref, crt_dt, upd_dt)',
    all.map(({ row }) => row),
  );
  await copyRows(
    client,
    'prod_stk (prod_id, qty_hand)',
    all.map(({ id, onHand }) => [id, onHand]),
  );
  await raiseSequence(client, 'cat', 'cat_id');
  await raiseSequence(client, 'prod', 'prod_id');
}
