import type { FastifyInstance } from 'fastify';
import { notOwner } from '../db/ownership.ts';
import { isConnectionError } from '../db/pool.ts';
import { errorCodeOf, MatapaloError } from '../errors.ts';
import { problem, problemType } from './problem.ts';
import { Refusal, refuse, type CommonCode } from './refusal.ts';

/** Every failure of a service's public URLs as problem+json, with what a proxy must see when another side owns the data. */
export function answerErrors(app: FastifyInstance): void {
  app.setErrorHandler((error, request, reply) => {
    const refusal = refusalOf(error);
    const { code, status, title, message, extra, headers } = refusal;
    if (code === 'not-owner') void reply.header('matapalo-refused', 'MP001');
    if (status === 503) void reply.header('retry-after', '1');
    if (status === 401) void reply.header('www-authenticate', 'Bearer');
    if (status === 500) request.log.error({ err: error }, 'request failed');
    else if (status > 500) request.log.warn({ err: error }, 'request refused');
    return reply
      .code(status)
      .headers(headers)
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
    return refuse('unavailable', 'The database is away; try again.', { cause: error });
  }
  return ofFramework(error) ?? refuse('internal', 'Something went wrong; the log has the details.');
}

function ofKernel(error: MatapaloError): Refusal {
  const known: CommonCode =
    error.code === 'unauthorized' || error.code === 'unavailable' ? error.code : 'internal';
  return refuse(known, error.message, { cause: error });
}

const codeByStatus: Record<number, CommonCode> = {
  404: 'not-found',
  413: 'too-large',
  415: 'unsupported-media-type',
};

/** Fastify marks what it refuses by itself (schema, size, content type) with a 4xx `statusCode`. */
function ofFramework(error: unknown): Refusal | undefined {
  if (!(error instanceof Error) || !('statusCode' in error)) return undefined;
  const status = Number(error.statusCode);
  if (!(status >= 400 && status < 500)) return undefined;
  return refuse(codeByStatus[status] ?? 'bad-request', error.message, { cause: error });
}
