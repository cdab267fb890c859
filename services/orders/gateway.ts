/**
 * What a payment provider must offer. Each call is idempotent by its keys: the provider acts on it once, and gives the same
 * outcome again. All may throw `unavailable`: then it is not known what happened, and the same call is made again later.
 */
export interface PaymentGateway {
  /** Charges, or says how the charge of that key stands: an answer that was lost is asked for, never assumed. */
  charge(payment: Payment): Promise<ChargeOutcome>;
  /** Sees to it that no money of the charge stays taken, also by a request that is still on its way. */
  cancel(key: string): Promise<CancelOutcome>;
  refund(refund: Refund): Promise<{ reference: string }>;
}

export interface Payment {
  key: string;
  amountCents: number;
  currency: string;
  cardToken: string;
}

export interface Refund {
  /** The key of the charge, and what the provider called it. */
  key: string;
  chargeReference: string;
  refundKey: string;
  amountCents: number;
  currency: string;
}

export type ChargeOutcome =
  | { state: 'approved'; reference: string }
  | { state: 'declined' }
  /** The provider has not decided: it is asked again, or tells by a webhook. */
  | { state: 'pending' }
  /** It was cancelled, and is never going to be made. */
  | { state: 'voided' };

export type CancelOutcome =
  | { state: 'voided' }
  | { state: 'declined' }
  | { state: 'refunded'; reference: string; refundReference: string };

/** The same on either side: a charge that the monolith began is not begun again. */
export const chargeKey = (orderId: number): string => `order-${orderId}`;
