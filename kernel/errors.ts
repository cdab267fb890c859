/** Every failure that a person may meet: its HTTP status and its exit code. Closed on purpose. */
const codes = {
  'config-invalid': { status: 400, exit: 2, title: 'The configuration is invalid' },
  usage: { status: 400, exit: 2, title: 'The command cannot be understood' },
  'bad-request': { status: 400, exit: 2, title: 'The request cannot be understood' },
  unauthorized: { status: 401, exit: 2, title: 'Credentials are missing or invalid' },
  forbidden: { status: 403, exit: 2, title: 'The credentials do not permit this' },
  'not-found': { status: 404, exit: 2, title: 'There is no such thing here' },
  'gate-failed': { status: 409, exit: 3, title: 'A gate of the transition is not met' },
  'illegal-transition': { status: 409, exit: 3, title: 'The phase does not permit this transition' },
  'transition-running': { status: 409, exit: 3, title: 'Another transition of this group is running' },
  'preflight-failed': { status: 409, exit: 3, title: 'The databases do not meet what the tool needs' },
  undone: { status: 409, exit: 4, title: 'The transition was undone' },
  'group-stopped': { status: 409, exit: 3, title: 'The group is stopped' },
  'lossy-row': { status: 409, exit: 3, title: 'The other side cannot hold a row' },
  'not-owner': { status: 503, exit: 4, title: 'This side does not own the data now' },
  fenced: { status: 409, exit: 4, title: 'A newer epoch has taken over' },
  'not-leader': { status: 503, exit: 5, title: 'This operator does not lead' },
  unreachable: { status: 503, exit: 5, title: 'A needed server cannot be reached' },
  unavailable: { status: 503, exit: 5, title: 'Not available at the moment' },
  conflict: { status: 409, exit: 4, title: 'The request conflicts with the present state' },
  internal: { status: 500, exit: 1, title: 'Unexpected failure' },
} as const;

export type ErrorCode = keyof typeof codes;

export const exitCodes = { ok: 0, unexpected: 1, usage: 2, gate: 3, undone: 4, unreachable: 5 } as const;

export interface ErrorDetails {
  /** What to do next: a statement, a command or a field to change. */
  hint?: string;
  cause?: unknown;
  /** Extra members for machines: shown in problem+json and `--json`. */
  extra?: Record<string, unknown>;
}

/** The one error class of the tool. `message` says what happened, `hint` what to do next. */
export class MatapaloError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly extra: Record<string, unknown>;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'MatapaloError';
    this.code = code;
    this.hint = details.hint;
    this.extra = details.extra ?? {};
  }

  get status(): number {
    return codes[this.code].status;
  }

  get exitCode(): number {
    return codes[this.code].exit;
  }

  get title(): string {
    return codes[this.code].title;
  }
}

/** One line for a log or a terminal, whatever was thrown. */
export function describeError(error: unknown): string {
  if (error instanceof MatapaloError) return error.hint ? `${error.message} ${error.hint}` : error.message;
  if (error instanceof AggregateError && error.errors.length > 0) return describeError(error.errors[0]);
  if (error instanceof Error) return error.message || error.name;
  return String(error);
}

/** SQLSTATE or Node's error code (`ECONNREFUSED`), when there is one. */
export function errorCodeOf(error: unknown): string | undefined {
  if (error instanceof AggregateError && error.errors.length > 0) return errorCodeOf(error.errors[0]);
  if (typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string') {
    return error.code;
  }
  return undefined;
}
