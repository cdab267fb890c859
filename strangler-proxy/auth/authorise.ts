import { createVerify, type Verify } from '#kernel/auth/verify.ts';
import { MatapaloError } from '#kernel/errors.ts';
import { problemOf, type Problem } from '#kernel/http/problem.ts';
import type { Plan, RoutePlan } from '#plan/compile.ts';

export interface Refusal {
  problem: Problem;
  headers: string[];
}

/** Undefined: may pass. What is authorised is the matched route, never the URL's spelling. */
export type Authorise = (route: RoutePlan, authorization: string | undefined) => Promise<Refusal | undefined>;

export function createAuthorise(plan: Plan, verify: Verify | undefined = verifyOf(plan)): Authorise {
  return async (route, authorization) => {
    if (verify === undefined) {
      return refusalOf(
        new MatapaloError('unavailable', 'Tokens cannot be verified: the config has no `auth`.'),
      );
    }
    try {
      const identity = await verify(authorization);
      const lacking = route.scopes.filter((scope) => !identity.scopes.includes(scope));
      if (lacking.length === 0) return undefined;
      return refusalOf(new MatapaloError('forbidden', `The token lacks the scope ${lacking.join(', ')}.`));
    } catch (error) {
      return refusalOf(error);
    }
  };
}

function verifyOf(plan: Plan): Verify | undefined {
  const auth = plan.config.auth;
  return auth === undefined ? undefined : createVerify(auth);
}

function refusalOf(error: unknown): Refusal {
  const problem = problemOf(error);
  const headers =
    problem.status === 401
      ? ['www-authenticate', 'Bearer error="invalid_token"']
      : problem.status === 403
        ? ['www-authenticate', 'Bearer error="insufficient_scope"']
        : [];
  return { problem, headers };
}
