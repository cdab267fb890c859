import { expect, test } from 'vitest';
import { availabilityDiffers, entryOf, productDiffers } from './product-model.ts';

const answer = {
  id: 7,
  sku: 'GAR-000007',
  name: 'Rake',
  description: 'A rake.',
  categoryId: 3,
  price: { amount: '12.05', currency: 'EUR' },
  status: 'active',
  available: 38,
};
const entry = entryOf(answer, { onHand: 40, reserved: 2 });
if (entry === undefined) throw new Error('The answer describes a product.');

test('an answer that shows what was written agrees', () => {
  expect(entry.priceCents).toBe(1205);
  expect(productDiffers(entry, answer)).toBeUndefined();
  expect(
    availabilityDiffers(entry, { productId: 7, onHand: 40, reserved: 2, available: 38 }),
  ).toBeUndefined();
});

test('a stale or altered field is named', () => {
  expect(productDiffers(entry, { ...answer, price: { amount: '12.04', currency: 'EUR' } })).toMatch(
    /^price is 1204/,
  );
  expect(productDiffers(entry, { ...answer, available: 40 })).toMatch(/^available is 40, 38 was written/);
  expect(productDiffers(entry, {})).toMatch(/name is undefined/);
  expect(availabilityDiffers(entry, { productId: 7, onHand: 41, reserved: 2, available: 39 })).toMatch(
    /onHand is 41/,
  );
});

test('a product with an unanswered write is not judged', () => {
  expect(productDiffers({ ...entry, uncertain: true }, {})).toBeUndefined();
});
