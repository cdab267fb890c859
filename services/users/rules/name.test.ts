import fc from 'fast-check';
import { expect, test } from 'vitest';
import { joinName, splitName } from './name.ts';

test('whatever is split is joined again unchanged, and no given name holds a space', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[ ab]*$/)), (name) => {
      const parts = splitName(name);
      expect(joinName(parts)).toBe(name);
      expect(parts.given).not.toContain(' ');
    }),
  );
});
