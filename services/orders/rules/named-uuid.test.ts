import fc from 'fast-check';
import { expect, test } from 'vitest';
import { namedUuid } from '#kernel/named-uuid.ts';
import { namedUuid as namedByMonolith } from '../../../monolith/named-uuid.ts';

test('a step has one name on either side: what the monolith began is not begun again after a move', () => {
  fc.assert(
    fc.property(fc.string(), (name) => {
      expect(namedUuid(name)).toMatch(
        /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
      );
      expect(namedUuid(name)).toBe(namedByMonolith(name));
    }),
  );
});
