import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Role } from '../http/document.ts';
import { ShopError } from '../http/problem.ts';
import type { Caller, Tokens } from './tokens.ts';

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller | null;
  }
  interface FastifyContextConfig {
    /** OpenAPI's security requirements of the operation. */
    security?: Record<string, string[]>[];
    /** One of them is needed; empty: any. */
    roles?: readonly Role[];
    /** One of them is as good as a role, for a service's token. */
    scopes?: readonly string[];
  }
}

/** Authorises what the matched route's operation asks for, before the body is read. */
export function authorise(app: FastifyInstance, tokens: Tokens): void {
  app.decorateRequest('caller', null);
  app.addHook('onRequest', async (request) => {
    const { security = [], roles = [], scopes = [] } = request.routeOptions.config;
    if (security.length === 0) return;
    const optional = security.some((requirement) => Object.keys(requirement).length === 0);
    const token = bearerOf(request);
    if (token === undefined) {
      if (optional && request.headers.authorization === undefined) return;
      throw new ShopError('unauthorized', 'A bearer token is needed.', {
        headers: { 'www-authenticate': 'Bearer' },
      });
    }
    const caller = await tokens.verify(token);
    const granted =
      caller.roles.some((role) => roles.includes(role)) ||
      (caller.userId === undefined && caller.scopes.some((scope) => scopes.includes(scope)));
    if (roles.length > 0 && !granted) {
      throw new ShopError('forbidden', `One of these roles is needed: ${roles.join(', ')}.`);
    }
    request.caller = caller;
  });
}

function bearerOf(request: FastifyRequest): string | undefined {
  return /^Bearer ([\w.-]{20,8192})$/i.exec(request.headers.authorization ?? '')?.[1];
}

/** The caller of an operation whose document demands a token. */
export function callerOf(request: FastifyRequest): Caller {
  if (request.caller === null) throw new ShopError('unauthorized', 'A bearer token is needed.');
  return request.caller;
}

/** The caller's user id; a service's token has none. */
export function userOf(request: FastifyRequest): number {
  const { userId } = callerOf(request);
  if (userId === undefined)
    throw new ShopError('forbidden', "A user's token is needed here, not a service's.");
  return userId;
}
