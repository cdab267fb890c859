import type { FastifyRequest, onRequestAsyncHookHandler } from 'fastify';
import type { Identity, Verify } from '#kernel/auth/verify.ts';
import { Refusal } from '../rules/refusal.ts';

export type Role = 'customer' | 'agent' | 'manager' | 'admin';

export const editors: readonly Role[] = ['manager', 'admin'];

const identities = new WeakMap<FastifyRequest, Identity>();

/** Needs a valid token, and one of `roles` where they are given; runs before a body is read. */
export function authorize(verify: Verify, roles?: readonly Role[]): onRequestAsyncHookHandler {
  return async (request) => {
    const identity = await verify(request.headers.authorization);
    if (roles && !roles.some((role) => identity.roles.includes(role))) {
      throw new Refusal('forbidden', `One of these roles is needed: ${roles.join(', ')}.`);
    }
    identities.set(request, identity);
  };
}

/** Who sent a request that was authorized. */
export function identityOf(request: FastifyRequest): Identity {
  const identity = identities.get(request);
  if (identity === undefined) throw new Refusal('unauthorized', 'A bearer token is needed.');
  return identity;
}
