import type { FastifyInstance } from 'fastify';
import { isConnectionError } from '#kernel/db/pool.ts';
import { errorCodeOf } from '#kernel/errors.ts';
import { problem, problemOf, problemType, type Problem } from '#kernel/http/problem.ts';
import { notOwner } from '../store/ownership.ts';
import { Refusal } from '../rules/refusal.ts';

/** Every failure of the catalogue's URLs as problem+json, with what a proxy must see when another side owns the data. */
export function answerErrors(app: FastifyInstance): void {
  app.setErrorHandler((error, request, reply) => {
    const cause = refusalOf(error);
    const body = cause instanceof Refusal ? problemOfRefusal(cause) : problemOf(cause);
    if (body.code === 'not-owner') void reply.header('matapalo-refused', 'MP001');
    if (body.status === 503) void reply.header('retry-after', '1');
    if (body.status === 401) void reply.header('www-authenticate', 'Bearer');
    if (body.status === 500) request.log.error({ err: error }, 'request failed');
    else if (body.status > 500) request.log.warn({ err: error }, 'request refused');
    return reply
      .code(body.status)
      .type(problemType)
      .send({ ...body, instance: request.id });
  });
}

/** Database failures that mean something to a client; others stay as they are, and become a 500. */
function refusalOf(error: unknown): unknown {
  if (error instanceof Refusal) return error;
  if (errorCodeOf(error) === 'MP001') return notOwner(error);
  if (isConnectionError(error)) {
    return new Refusal('unavailable', 'The database is away; try again.', {}, error);
  }
  return error;
}

function problemOfRefusal(refusal: Refusal): Problem {
  return { ...refusal.extra, ...problem(refusal.status, refusal.code, refusal.title, refusal.message) };
}
