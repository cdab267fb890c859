/** What a payment provider must offer. Both calls are idempotent by `key`: the provider acts on it once. */
export interface PaymentGateway {
  charge(payment: {
    key: string;
    amountCents: number;
    currency: string;
    cardToken: string;
  }): Promise<ChargeOutcome>;
  refund(payment: { key: string; amountCents: number; currency: string }): Promise<{ reference: string }>;
}

export type ChargeOutcome = { approved: true; reference: string } | { approved: false };

/** A provider that moves no money. The token alone decides, so that a charge that is asked for again ends the same. */
export const sandboxGateway: PaymentGateway = {
  charge: async ({ key, cardToken }) =>
    cardToken.startsWith('tok_decline')
      ? { approved: false }
      : { approved: true, reference: `sandbox-charge-${key}` },
  refund: async ({ key }) => ({ reference: `sandbox-refund-${key}` }),
};
