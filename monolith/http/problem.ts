/** Every refusal of the shop: its status and its title. Closed on purpose; clients branch on the code. */
const codes = {
  'bad-request': [400, 'The request cannot be understood'],
  unauthorized: [401, 'Credentials are missing or invalid'],
  'payment-declined': [402, 'The payment was declined'],
  'payment-failed': [402, 'The payment did not come through'],
  forbidden: [403, 'The credentials do not permit this'],
  'not-found': [404, 'There is no such thing here'],
  'out-of-stock': [409, 'There is not enough in stock'],
  'reservation-conflict': [409, 'The reservation id is taken by other lines'],
  'adjustment-conflict': [409, 'The adjustment id is taken by another adjustment'],
  'stock-below-reserved': [409, 'Less than what is reserved would be left'],
  'return-conflict': [409, 'The return id is taken by other content'],
  'over-returned': [409, 'More than was bought would be returned'],
  'illegal-move': [409, 'The present state does not permit this'],
  'refund-exceeds': [409, 'Less of the line is left to be refunded'],
  'sku-taken': [409, 'Another product has this sku'],
  'email-taken': [409, 'Another account has this e-mail address'],
  'too-large': [413, 'The request is too large'],
  'unsupported-media-type': [415, 'The content type is not taken here'],
  'unknown-category': [422, 'There is no such category'],
  'unknown-product': [422, 'There is no such active product'],
  'cart-empty': [422, 'The cart is empty'],
  'idempotency-key-reused': [422, 'The idempotency key was used with another body'],
  'link-invalid': [422, 'The link is unknown, used or too old'],
  'not-returnable': [422, 'The ticket is not about the return of an order'],
  'not-agent': [422, 'The assignee does not work on tickets'],
  'too-many-requests': [429, 'Too many requests'],
  internal: [500, 'Unexpected failure'],
  'not-owner': [503, 'This side does not own the data now'],
  unavailable: [503, 'Not available at the moment'],
} as const satisfies Record<string, readonly [number, string]>;

export type ProblemCode = keyof typeof codes;

/** RFC 9457 problem details. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
}

export const problemType = 'application/problem+json; charset=utf-8';

/** A refusal that a client is meant to see. `message` is the problem's detail. */
export class ShopError extends Error {
  readonly code: ProblemCode;
  readonly headers: Record<string, string>;

  constructor(
    code: ProblemCode,
    detail: string,
    options: ErrorOptions & { headers?: Record<string, string> } = {},
  ) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ShopError';
    this.code = code;
    this.headers = options.headers ?? {};
  }
}

/** The request id is in the answer's header, not here: equal refusals are equal bodies, whoever answers. */
export function problemOf(code: ProblemCode, detail: string): Problem {
  const [status, title] = codes[code];
  return { type: `/problems/${code}`, title, status, detail, code };
}

export function isProblemCode(value: unknown): value is ProblemCode {
  return typeof value === 'string' && Object.hasOwn(codes, value);
}

export const notFound = (what: string) => new ShopError('not-found', `There is no ${what}.`);
