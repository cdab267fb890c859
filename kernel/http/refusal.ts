/** What any service may refuse. Each adds its own kinds; the whole is closed on purpose: clients branch on the code. */
export const commonRefusals = {
  'bad-request': { status: 400, title: 'The request cannot be understood' },
  unauthorized: { status: 401, title: 'Credentials are missing or invalid' },
  forbidden: { status: 403, title: 'The credentials do not permit this' },
  'not-found': { status: 404, title: 'There is no such thing here' },
  'illegal-move': { status: 409, title: 'The present state does not permit this' },
  'too-large': { status: 413, title: 'The request is too large' },
  'unsupported-media-type': { status: 415, title: 'The content type is not taken here' },
  'too-many-requests': { status: 429, title: 'Too many requests' },
  internal: { status: 500, title: 'Unexpected failure' },
  'not-owner': { status: 503, title: 'This side does not own the data now' },
  unavailable: { status: 503, title: 'Not available at the moment' },
} as const;

export type CommonCode = keyof typeof commonRefusals;

export interface RefusalKind {
  code: string;
  status: number;
  title: string;
}

export interface RefusalDetails {
  /** Extra members of the problem document. */
  extra?: Record<string, unknown>;
  headers?: Record<string, string>;
  cause?: unknown;
}

/** A refusal that a client is meant to see; `message` is the problem's detail. */
export class Refusal extends Error {
  readonly code: string;
  readonly status: number;
  readonly title: string;
  readonly extra: Record<string, unknown>;
  readonly headers: Record<string, string>;

  constructor(kind: RefusalKind, detail: string, { extra = {}, headers = {}, cause }: RefusalDetails = {}) {
    super(detail, cause === undefined ? undefined : { cause });
    this.name = 'Refusal';
    this.code = kind.code;
    this.status = kind.status;
    this.title = kind.title;
    this.extra = extra;
    this.headers = headers;
  }
}

/** Makes refusals of one closed table: `const refuse = refusalsOf({...commonRefusals, 'sku-taken': {...}})`. */
export function refusalsOf<Code extends string>(table: Record<Code, { status: number; title: string }>) {
  return (code: Code, detail: string, details?: RefusalDetails): Refusal =>
    new Refusal({ code, ...table[code] }, detail, details);
}

export const refuse = refusalsOf<CommonCode>(commonRefusals);
