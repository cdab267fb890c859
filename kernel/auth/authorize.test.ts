import fastify from 'fastify';
import { expect, test } from 'vitest';
import { answerErrors } from '../http/answer-errors.ts';
import { authorize, userIdOf } from './authorize.ts';
import type { Identity } from './verify.ts';

test('a subject is a user id, or a client', () => {
  expect(['7', '2147483647', '0', '-1', '07', 'orders-service', ''].map(userIdOf)).toEqual([
    7,
    2_147_483_647,
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

test("a role opens a route, and so does a service's scope; a scope of a user does not", async () => {
  const known: Record<string, Partial<Identity>> = {
    manager: { subject: '7', roles: ['manager'] },
    customer: { subject: '7', roles: ['customer'], scopes: ['stock:adjust'] },
    service: { subject: 'orders-service', scopes: ['stock:adjust'] },
    other: { subject: 'catalogue-service', scopes: ['introspect'] },
  };
  const app = fastify();
  answerErrors(app);
  const verify = async (who = '') => ({ subject: '', roles: [], scopes: [], claims: {}, ...known[who] });
  app.get('/', { onRequest: authorize(verify, ['manager'], ['stock:adjust']) }, async () => 'in');
  const statuses = [];
  for (const authorization of Object.keys(known))
    statuses.push((await app.inject({ url: '/', headers: { authorization } })).statusCode);
  expect(statuses).toEqual([200, 403, 200, 403]);
});
