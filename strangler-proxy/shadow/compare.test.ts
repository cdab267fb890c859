import fc from 'fast-check';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import type { Answer } from './ask.ts';
import { compareAnswers, firstDifference } from './compare.ts';

const json = (value: unknown, status = 200): Answer => ({
  status,
  headers: { 'content-type': 'application/json; charset=utf-8' },
  body: Buffer.from(JSON.stringify(value)),
});

test('JSON is compared by value, not by spelling', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const spaced = { ...json(value), body: Buffer.from(JSON.stringify(value, null, 2)) };
      expect(compareAnswers(json(value), spaced, [])).toBe('equal');
    }),
  );
});

test('the same items in another order are told apart from other items', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer(), { minLength: 2 }), (items) => {
      const turned = [...items.slice(1), ...items.slice(0, 1)];
      expect(compareAnswers(json({ items }), json({ items: turned }), [])).toBe('ordering');
      expect(compareAnswers(json({ items }), json({ items: [...items.slice(1), 'new'] }), [])).toBe('code');
    }),
  );
});

test('ignored pointers may differ, a star stands for any one step', () => {
  const a = json({ at: 1, items: [{ id: 1, seen: 1 }] });
  const b = json({ at: 2, items: [{ id: 1, seen: 2 }] });
  expect(compareAnswers(a, b, ['/at', '/items/*/seen'])).toBe('equal');
  expect(compareAnswers(a, b, ['/at'])).toBe('code');
});

test('what the monolith does not repeat itself is noise; what stays counts', () => {
  const before = json({ id: 'a', name: 'n' });
  const after = json({ id: 'b', name: 'n' });
  expect(compareAnswers(after, json({ id: 'c', name: 'n' }), [], before)).toBe('equal');
  expect(compareAnswers(after, json({ id: 'c', name: 'other' }), [], before)).toBe('code');
  expect(firstDifference(after, json({ id: 'c', name: 'other' }), [], before)).toEqual({
    at: '/name',
    legacy: '"n"',
    service: '"other"',
  });
});

test('status, missing keys, other types and plain bodies count', () => {
  expect(compareAnswers(json({}), json({}, 404), [])).toBe('code');
  expect(compareAnswers(json({ a: null }), json({}), [])).toBe('code');
  expect(compareAnswers(json({ a: 1 }), json({ a: '1' }), [])).toBe('code');
  const text = { ...json(0), headers: { 'content-type': 'text/plain' } };
  expect(compareAnswers(text, { ...text, body: Buffer.from('1') }, [])).toBe('code');
});

test('compressed answers are compared by what they hold', () => {
  const zipped = json({ a: 1 });
  zipped.body = gzipSync(zipped.body);
  zipped.headers = { ...zipped.headers, 'content-encoding': 'gzip' };
  expect(compareAnswers(zipped, json({ a: 1 }), [])).toBe('equal');
});
