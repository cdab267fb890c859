import type { FastifyInstance } from 'fastify';
import { isConnectionError } from '#kernel/db/pool.ts';
import { errorCodeOf, MatapaloError } from '#kernel/errors.ts';
import { problem, problemType } from '#kernel/http/problem.ts';
import { Refusal, type RefusalCode } from '../rules/refusal.ts';
import { notOwner } from '../store/ownership.ts';

/** Every failure of the catalogue's URLs as problem+json, with what a proxy must see when another side owns the data. */
export function answerErrors(app: FastifyInstance): void {
  app.setErrorHandler((error, request, reply) => {
    const refusal = refusalOf(error);
    const { code, status, title, message, extra } = refusal;
    if (code === 'not-owner') void reply.header('matapalo-refused', 'MP001');
    if (status === 503) void reply.header('retry-after', '1');
    if (status === 401) void reply.header('www-authenticate', 'Bearer');
    if (status === 500) request.log.error({ err: error }, 'request failed');
    else if (status > 500) request.log.warn({ err: error }, 'request refused');
    return reply
      .code(status)
      .type(problemType)
      .send({ ...extra, ...problem(status, code, title, message) });
  });
}

/** What a failure means to a client; an unexpected one keeps its text to the log. */
function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof MatapaloError) return ofKernel(error);
  if (errorCodeOf(error) === 'MP001') return notOwner(error);
  if (isConnectionError(error)) {
    return new Refusal('unavailable', 'The database is away; try again.', {}, error);
  }
  return ofFramework(error) ?? new Refusal('internal', 'Something went wrong; the log has the details.');
}

function ofKernel(error: MatapaloError): Refusal {
  const known: RefusalCode =
    error.code === 'unauthorized' || error.code === 'unavailable' ? error.code : 'internal';
  return new Refusal(known, error.message, {}, error);
}

const codeByStatus: Record<number, RefusalCode> = {
  404: 'not-found',
  413: 'too-large',
  415: 'unsupported-media-type',
};

/** Fastify marks what it refuses by itself (schema, size, content type) with a 4xx `statusCode`. */
function ofFramework(error: unknown): Refusal | undefined {
  if (!(error instanceof Error) || !('statusCode' in error)) return undefined;
  const status = Number(error.statusCode);
  if (!(status >= 400 && status < 500)) return undefined;
  return new Refusal(codeByStatus[status] ?? 'bad-request', error.message, {}, error);
}
