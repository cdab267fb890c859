import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeCursor, encodeCursor, productSorts } from './cursor.ts';
import { Refusal } from './refusal.ts';

const id = fc.integer({ min: 1, max: 2_147_483_647 });
const amount = fc
  .integer({ min: 0, max: 999_999_999 })
  .map((cents) => `${Math.trunc(cents / 100)}.${String(cents % 100).padStart(2, '0')}`);
const name = fc.string({ unit: 'binary', maxLength: 200 }).filter((text) => !text.includes('\0'));

describe('a cursor', () => {
  test('is read as it was written', () => {
    fc.assert(
      fc.property(fc.constantFrom(...productSorts), id, amount, name, (sort, last, price, text) => {
        const value = sort === 'name' ? text : price;
        const position = sort === 'id' || sort === '-id' ? { id: last } : { value, id: last };
        expect(decodeCursor(sort, encodeCursor(sort, position))).toEqual(position);
      }),
    );
  });

  test('has the format that the public document describes', () => {
    const cursor = encodeCursor('-price', { value: '12.34', id: 17 });
    expect(Buffer.from(cursor, 'base64url').toString()).toBe('{"sort":"-price","last":["12.34",17]}');
  });

  test('of another sort is refused', () => {
    for (const sort of productSorts) {
      for (const other of productSorts.filter((each) => each !== sort)) {
        const cursor = encodeCursor(sort, sort.endsWith('id') ? { id: 1 } : { value: '1.00', id: 1 });
        expect(() => decodeCursor(other, cursor)).toThrow(Refusal);
      }
    }
  });

  test('made of anything is read or refused, never a failure', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.jsonValue().map((value) => JSON.stringify(value)),
        ),
        (text) => {
          const cursor = Buffer.from(text).toString('base64url');
          try {
            decodeCursor('price', cursor);
          } catch (error) {
            expect(error).toBeInstanceOf(Refusal);
          }
        },
      ),
    );
  });
});
