import type { FastifyRequest, onRequestAsyncHookHandler } from 'fastify';
import { refuse } from '../http/refusal.ts';
import type { Identity, Verify } from './verify.ts';

const identities = new WeakMap<FastifyRequest, Identity>();

/** The user that a token's subject names; a service's token has its client id there. */
export function userIdOf(subject: string): number | undefined {
  return /^[1-9][0-9]{0,9}$/.test(subject) ? Number(subject) : undefined;
}

/**
 * Needs a valid token, and one of `roles` where they are given; a service's own token may have one of `scopes` in place of a
 * role. Runs before a body is read.
 */
export function authorize(
  verify: Verify,
  roles?: readonly string[],
  scopes: readonly string[] = [],
): onRequestAsyncHookHandler {
  return async (request) => {
    const identity = await verify(request.headers.authorization);
    const granted =
      roles?.some((role) => identity.roles.includes(role)) === true ||
      (userIdOf(identity.subject) === undefined && scopes.some((scope) => identity.scopes.includes(scope)));
    if (roles && !granted) {
      throw refuse('forbidden', `One of these roles is needed: ${roles.join(', ')}.`);
    }
    identities.set(request, identity);
  };
}

/** For who may come without a token; one that is presented has to be valid. */
export function authorizeIfAny(verify: Verify): onRequestAsyncHookHandler {
  return async (request) => {
    const { authorization } = request.headers;
    if (authorization !== undefined) identities.set(request, await verify(authorization));
  };
}

/** Who sent a request that may come without a token. */
export function identityIfAny(request: FastifyRequest): Identity | undefined {
  return identities.get(request);
}

/** Who sent a request that was authorized. */
export function identityOf(request: FastifyRequest): Identity {
  const identity = identities.get(request);
  if (identity === undefined) throw refuse('unauthorized', 'A bearer token is needed.');
  return identity;
}
