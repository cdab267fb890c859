import { describe, expect, test } from 'vitest';
import { mayErase, maySee } from './access.ts';

const user = (id: number, ...roles: string[]) => ({ userId: id, roles, scopes: [] });
const service = (...scopes: string[]) => ({ userId: undefined, roles: [], scopes });

describe('whose account may be seen, and erased', () => {
  const matrix: [
    who: string,
    caller: Parameters<typeof maySee>[0],
    own: [boolean, boolean],
    other: [boolean, boolean],
  ][] = [
    ['a customer', user(7, 'customer'), [true, true], [false, false]],
    ['a user without roles', user(7), [true, true], [false, false]],
    ['an agent', user(7, 'agent'), [true, true], [true, false]],
    ['a manager', user(7, 'manager'), [true, true], [true, false]],
    ['an admin', user(7, 'admin'), [true, true], [true, true]],
    ['a service with users:read', service('users:read'), [true, false], [true, false]],
    ['a service without', service('introspect'), [false, false], [false, false]],
  ];
  for (const [who, caller, own, other] of matrix) {
    test(who, () => {
      expect([maySee(caller, 7), mayErase(caller, 7)]).toEqual(own);
      expect([maySee(caller, 8), mayErase(caller, 8)]).toEqual(other);
    });
  }
});
