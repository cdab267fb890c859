import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeDataDir } from './data-dir.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'matapalo-data-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('a folder is made with those above it, and may be there already', () => {
  const inner = join(folder, 'one', 'two');
  makeDataDir(inner);
  makeDataDir(inner);
  expect(existsSync(inner)).toBe(true);
});

test('where none can be made, it says so and what to do', () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  expect(() => makeDataDir(join(file, 'inner'))).toThrow(
    /cannot be made \(ENOTDIR\)\. Choose another with --data-dir/,
  );
  if (existsSync('/proc/self'))
    expect(() => makeDataDir('/proc/nowhere/data')).toThrow(/\/proc\/nowhere cannot be made/);
});
