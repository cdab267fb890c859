import fc from 'fast-check';
import { expect, test } from 'vitest';
import { normaliseTarget } from './normalise-target.ts';

const pathOf = (raw: string) => normaliseTarget(raw)?.path;

test.each([
  ['/a/b', '/a/b'],
  ['//a///b', '/a/b'],
  ['/a/./b', '/a/b'],
  ['/a/x/../b', '/a/b'],
  ['/a/%2e%2E/b', '/b'],
  ['/a/b/..', '/a/'],
  ['/a/.', '/a/'],
  ['/%61', '/a'],
  ['/a%3a', '/a%3A'],
  ['/caf%c3%a9', '/caf%C3%A9'],
  ['/100%25', '/100%25'],
  ['/a/', '/a/'],
  ['/.well-known/x', '/.well-known/x'],
  ['/a..b', '/a..b'],
])('%s is read as %s', (raw, path) => {
  expect(pathOf(raw)).toBe(path);
});

test.each([
  'a',
  '*',
  '',
  '/..',
  '/a/../../b',
  '/%2e%2e/a',
  '/a%2fb',
  '/a%2Fb',
  '/a%5cb',
  '/a\\b',
  '/a%00',
  '/a%0d%0a',
  '/a;v=1',
  '/a%3bv=1',
  '/a%252e',
  '/a%252fb',
  '/a%',
  '/a%zz',
  '/a%ff',
  '/%c0%ae%c0%ae/',
  '/é',
  '/a#b',
  '/a?b#c',
  '/a b',
  'http://other/a',
])('%s is refused', (raw) => {
  expect(normaliseTarget(raw)).toBeUndefined();
});

test('the query passes byte by byte', () => {
  expect(normaliseTarget('/a?b=%2F..//&c=;%00')).toEqual({ path: '/a', query: '?b=%2F..//&c=;%00' });
});

test('a normalised path is its own normal form, and leaves nothing to resolve or decode twice', () => {
  const piece = fc.constantFrom(
    '/',
    '.',
    '..',
    '%2e',
    '%41',
    '%25',
    '%2',
    '%',
    'a',
    'B',
    '~',
    '//',
    '%c3%a9',
    '%2b',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const once = normaliseTarget(`/${pieces.join('')}`);
      if (once === undefined) return;
      expect(normaliseTarget(once.path)).toEqual(once);
      expect(once.path).not.toMatch(/\/\/|\/\.{1,2}(\/|$)|%(2e|2f|5c|00|3b)|%25[0-9a-f]{2}/i);
      // What a URL parser makes of it is the same path: nothing is left that another server would resolve.
      expect(new URL(once.path, 'http://x').pathname).toBe(once.path);
    }),
    { numRuns: 2_000 },
  );
});
