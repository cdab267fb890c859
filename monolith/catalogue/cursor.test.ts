import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ShopError } from '../http/problem.ts';
import { readCursor, writeCursor, type Sort } from './cursor.ts';

const id = fc.integer({ min: 1, max: 2_147_483_647 });

test('a cursor is read as it was written, whatever the name', () => {
  const name = fc.string({ unit: 'binary' }).filter((text) => !text.includes('\0') && text.isWellFormed());
  fc.assert(
    fc.property(id, name, (last, value) => {
      expect(readCursor(writeCursor('name', { id: last, value }), 'name')).toEqual({ id: last, value });
      expect(readCursor(writeCursor('-id', { id: last }), '-id')).toEqual({ id: last });
    }),
  );
});

test('its text is public: the other side of a switch reads the same', () => {
  const text = Buffer.from(writeCursor('-price', { id: 17, value: '12.34' }), 'base64url').toString();
  expect(JSON.parse(text)).toEqual({ sort: '-price', last: ['12.34', 17] });
});

test('junk and cursors of another sort are refused, never misread', () => {
  const sort = fc.constantFrom<Sort>('id', '-id', 'price', '-price', 'name');
  const junk = fc.oneof(
    fc.string(),
    fc.json().map((text) => Buffer.from(text).toString('base64url')),
    fc.constant(writeCursor('id', { id: 0 })),
    fc.constant(Buffer.from('{"sort":"price","last":["1e9",3]}').toString('base64url')),
  );
  fc.assert(
    fc.property(junk, sort, (text, by) => {
      expect(() => readCursor(text, by)).toThrow(ShopError);
    }),
  );
  expect(() => readCursor(writeCursor('price', { id: 3, value: '1.00' }), 'name')).toThrow(ShopError);
});
