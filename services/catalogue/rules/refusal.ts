/** What the catalogue refuses, closed on purpose: clients branch on the code, people read the title. */
const refusals = {
  'bad-request': { status: 400, title: 'The request cannot be understood' },
  unauthorized: { status: 401, title: 'Credentials are missing or invalid' },
  forbidden: { status: 403, title: 'The credentials do not permit this' },
  'not-found': { status: 404, title: 'There is no such thing here' },
  'out-of-stock': { status: 409, title: 'There is not enough in stock' },
  'reservation-conflict': { status: 409, title: 'The reservation id is taken by other lines' },
  'adjustment-conflict': { status: 409, title: 'The adjustment id is taken by another adjustment' },
  'stock-below-reserved': { status: 409, title: 'Less than what is reserved would be left' },
  'illegal-move': { status: 409, title: 'The present state does not permit this' },
  'sku-taken': { status: 409, title: 'Another product has this sku' },
  'too-large': { status: 413, title: 'The request is too large' },
  'unsupported-media-type': { status: 415, title: 'The content type is not taken here' },
  'unknown-category': { status: 422, title: 'There is no such category' },
  'unknown-product': { status: 422, title: 'There is no such active product' },
  internal: { status: 500, title: 'Unexpected failure' },
  'not-owner': { status: 503, title: 'This side does not own the data now' },
  unavailable: { status: 503, title: 'Not available at the moment' },
} as const;

export type RefusalCode = keyof typeof refusals;

export class Refusal extends Error {
  readonly code: RefusalCode;
  /** Extra members of the problem document. */
  readonly extra: Record<string, unknown>;

  constructor(code: RefusalCode, detail: string, extra: Record<string, unknown> = {}, cause?: unknown) {
    super(detail, cause === undefined ? undefined : { cause });
    this.name = 'Refusal';
    this.code = code;
    this.extra = extra;
  }

  get status(): number {
    return refusals[this.code].status;
  }

  get title(): string {
    return refusals[this.code].title;
  }
}
