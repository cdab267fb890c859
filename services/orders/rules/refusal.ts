import { commonRefusals, Refusal, refusalsOf } from '#kernel/http/refusal.ts';

const refusals = {
  ...commonRefusals,
  'payment-declined': { status: 402, title: 'The payment was declined' },
  'payment-failed': { status: 402, title: 'The payment did not come through' },
  'out-of-stock': { status: 409, title: 'There is not enough in stock' },
  'refund-exceeds': { status: 409, title: 'Less of the line is left to be refunded' },
  'unknown-product': { status: 422, title: 'There is no such active product' },
  'cart-empty': { status: 422, title: 'The cart is empty' },
  'idempotency-key-reused': { status: 422, title: 'The idempotency key was used with another body' },
} as const;

export type RefusalCode = keyof typeof refusals;

/** What this service refuses beside what any does. */
export const refuse = refusalsOf<RefusalCode>(refusals);

export const noOrder = (id: number) => refuse('not-found', `There is no order ${id}.`);

/** Refusals that end a step for good; anything else is trouble that passes, and the step is tried again later. */
export const refusedWith = (error: unknown, ...codes: RefusalCode[]): error is Refusal =>
  error instanceof Refusal && (codes as string[]).includes(error.code);

const failureDetails: Partial<Record<RefusalCode, string>> = {
  'payment-declined': 'The card was declined; nothing was charged, and the cart is as it was.',
  'payment-failed': 'The payment did not come through; nothing stays charged, and the cart is as it was.',
  'unknown-product': 'A product is not sold any more; nothing was charged, and the cart is as it was.',
  forbidden: 'This account may not order now; nothing was charged, and the cart is as it was.',
};

/** What a client is told of an order that failed, and told again whenever the request is repeated. */
export function failureOf(code: string | null): Refusal {
  const known = code !== null && Object.hasOwn(refusals, code) ? (code as RefusalCode) : 'out-of-stock';
  return refuse(
    known,
    failureDetails[known] ?? 'Not enough is in stock; nothing was charged, and the cart is as it was.',
  );
}
