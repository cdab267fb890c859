import type { ProductEntry } from './ledger.ts';
import { centsOf } from './money.ts';
import { field } from './read-answer.ts';

/** What a product's answer says otherwise than its entry; undefined when all agrees. */
export function productDiffers(entry: ProductEntry, body: unknown): string | undefined {
  if (entry.uncertain) return undefined;
  const price = field(body, 'price');
  return differing([
    ['id', entry.id, field(body, 'id')],
    ['sku', entry.sku, field(body, 'sku')],
    ['name', entry.name, field(body, 'name')],
    ['description', entry.description, field(body, 'description')],
    ['categoryId', entry.categoryId, field(body, 'categoryId')],
    ['price', entry.priceCents, centsOf(field(price, 'amount'))],
    ['status', entry.status, field(body, 'status')],
    ['available', entry.onHand - entry.reserved, field(body, 'available')],
  ]);
}

export function availabilityDiffers(entry: ProductEntry, body: unknown): string | undefined {
  if (entry.uncertain) return undefined;
  return differing([
    ['productId', entry.id, field(body, 'productId')],
    ['onHand', entry.onHand, field(body, 'onHand')],
    ['reserved', entry.reserved, field(body, 'reserved')],
    ['available', entry.onHand - entry.reserved, field(body, 'available')],
  ]);
}

function differing(pairs: readonly (readonly [string, unknown, unknown])[]): string | undefined {
  const wrong = pairs.filter(([, expected, actual]) => expected !== actual);
  if (wrong.length === 0) return undefined;
  return wrong
    .map(
      ([name, expected, actual]) =>
        `${name} is ${JSON.stringify(actual)}, ${JSON.stringify(expected)} was written`,
    )
    .join('; ');
}

/** The entry that a product's answer describes, as the start of what a shopper keeps about it. */
export function entryOf(
  body: unknown,
  stock: { onHand: number; reserved: number },
): ProductEntry | undefined {
  const id = field(body, 'id');
  const categoryId = field(body, 'categoryId');
  if (typeof id !== 'number' || typeof categoryId !== 'number') return undefined;
  return {
    id,
    sku: String(field(body, 'sku')),
    name: String(field(body, 'name')),
    description: String(field(body, 'description')),
    categoryId,
    priceCents: centsOf(field(field(body, 'price'), 'amount')),
    status: field(body, 'status') === 'archived' ? 'archived' : 'active',
    ...stock,
    uncertain: false,
  };
}
