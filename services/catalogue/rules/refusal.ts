/** What the catalogue refuses, closed on purpose: clients branch on the code, people read the title. */
const refusals = {
  'bad-request': { status: 400, title: 'The request cannot be understood' },
  unauthorized: { status: 401, title: 'Credentials are missing or invalid' },
  forbidden: { status: 403, title: 'The credentials do not permit this' },
  'not-found': { status: 404, title: 'There is no such thing here' },
  'sku-taken': { status: 409, title: 'Another product has this sku' },
  'adjustment-conflict': { status: 409, title: 'The adjustment was made before with other content' },
  'stock-below-reserved': { status: 409, title: 'Less than what is reserved would be left' },
  'stock-too-large': { status: 409, title: 'More would be on hand than can be counted' },
  'out-of-stock': { status: 409, title: 'There is not enough stock' },
  'reservation-conflict': { status: 409, title: 'The reservation exists with other lines' },
  'illegal-move': { status: 409, title: 'The reservation does not permit this' },
  'unknown-category': { status: 422, title: 'There is no such category' },
  'unknown-product': { status: 422, title: 'There is no such product for sale' },
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
