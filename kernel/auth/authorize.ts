import type { FastifyRequest, onRequestAsyncHookHandler } from 'fastify';
import { refuse } from '../http/refusal.ts';
import type { Identity, Verify } from './verify.ts';

const identities = new WeakMap<FastifyRequest, Identity>();

/** Needs a valid token, and one of `roles` where they are given; runs before a body is read. */
export function authorize(verify: Verify, roles?: readonly string[]): onRequestAsyncHookHandler {
  return async (request) => {
    const identity = await verify(request.headers.authorization);
    if (roles && !roles.some((role) => identity.roles.includes(role))) {
      throw refuse('forbidden', `One of these roles is needed: ${roles.join(', ')}.`);
    }
    identities.set(request, identity);
  };
}

/** Who sent a request that was authorized. */
export function identityOf(request: FastifyRequest): Identity {
  const identity = identities.get(request);
  if (identity === undefined) throw refuse('unauthorized', 'A bearer token is needed.');
  return identity;
}
