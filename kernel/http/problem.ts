import { describeError, MatapaloError } from '../errors.ts';

/** RFC 9457 problem details, as every server of the tool answers errors. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
  hint?: string;
  [member: string]: unknown;
}

export const problemType = 'application/problem+json; charset=utf-8';

export function problem(status: number, code: string, title: string, detail: string): Problem {
  return { type: `/problems/${code}`, title, status, detail, code };
}

/** Unexpected errors keep their text to the log: a client sees no stack, address or SQL. */
export function problemOf(error: unknown): Problem {
  if (error instanceof MatapaloError) {
    return {
      ...problem(error.status, error.code, error.title, error.message),
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      ...error.extra,
    };
  }
  const status = clientStatus(error);
  if (status !== undefined)
    return problem(
      status,
      codeByStatus[status] ?? 'bad-request',
      'The request cannot be taken',
      describeError(error),
    );
  return problem(500, 'internal', 'Unexpected failure', 'Something went wrong; the log has the details.');
}

const codeByStatus: Record<number, string> = {
  400: 'bad-request',
  404: 'not-found',
  405: 'method-not-allowed',
  413: 'too-large',
  415: 'unsupported-media-type',
  429: 'too-many-requests',
};

/** Fastify marks its own refusals (bad JSON, too large, schema) with a 4xx statusCode. */
function clientStatus(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('statusCode' in error)) return undefined;
  const status = error.statusCode;
  return typeof status === 'number' && status >= 400 && status < 500 ? status : undefined;
}
