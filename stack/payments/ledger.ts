import { appendFileSync, existsSync, readFileSync } from 'node:fs';

export type ChargeState = 'approved' | 'declined' | 'pending' | 'voided';

export interface Charge {
  key: string;
  reference: string;
  amountCents: number;
  currency: string;
  state: ChargeState;
  /** What a pending charge becomes, and when. */
  later?: { state: 'approved' | 'declined'; atMs: number };
  refunds: Record<string, { reference: string; amountCents: number }>;
}

export type Outcome<Value> = { value: Value; changed: boolean } | { conflict: string };

/**
 * The provider's books: one charge for each key, whatever is asked however often, and never more back than was taken. Each
 * change is on disk before anybody hears of it, so that a provider that is started again knows all that it told.
 */
export class Ledger {
  readonly #charges = new Map<string, Charge>();
  readonly #file: string | undefined;

  constructor(file?: string) {
    this.#file = file;
    if (file === undefined || !existsSync(file)) return;
    for (const line of readFileSync(file, 'utf8').split('\n').filter(Boolean)) {
      const charge = JSON.parse(line) as Charge;
      this.#charges.set(charge.key, charge);
    }
  }

  find(key: string): Charge | undefined {
    return this.#charges.get(key);
  }

  all(): Charge[] {
    return [...this.#charges.values()];
  }

  charge(asked: Omit<Charge, 'reference' | 'refunds'>): Outcome<Charge> {
    const known = this.#charges.get(asked.key);
    if (known === undefined) return this.#keep({ ...asked, reference: referenceOf(asked.key), refunds: {} });
    // A cancelled key has no amount: it was cancelled before its charge arrived.
    const same = known.amountCents === asked.amountCents && known.currency === asked.currency;
    if (!same && known.state !== 'voided') return { conflict: 'This key came with another amount before.' };
    return { value: known, changed: false };
  }

  /** Ends a pending charge as `later` said, or as it is told; undefined when nothing is pending. */
  decide(key: string, told?: 'approved' | 'declined'): Charge | undefined {
    const known = this.#charges.get(key);
    const state = told ?? known?.later?.state;
    if (known?.state !== 'pending' || state === undefined) return undefined;
    const { later: _, ...rest } = known;
    this.#keep({ ...rest, state });
    return this.#charges.get(key);
  }

  /** Afterwards no money of the charge is taken, nor will be: a charge of this key that arrives later finds it voided. */
  cancel(key: string): Outcome<Charge> {
    const known = this.#charges.get(key);
    if (known === undefined) {
      return this.#keep({
        key,
        reference: referenceOf(key),
        amountCents: 0,
        currency: '',
        state: 'voided',
        refunds: {},
      });
    }
    if (known.state === 'pending') {
      const { later: _, ...rest } = known;
      return this.#keep({ ...rest, state: 'voided' });
    }
    if (known.state !== 'approved') return { value: known, changed: false };
    return this.#refundOf(known, 'cancellation', left(known));
  }

  refund(key: string, refundKey: string, amountCents: number): Outcome<Charge> {
    const known = this.#charges.get(key);
    if (known?.state !== 'approved') return { conflict: 'There is no charge to refund.' };
    return this.#refundOf(known, refundKey, amountCents);
  }

  /** A charge from before these books began, as its reference tells. */
  adopt(key: string, reference: string, amountCents: number, currency: string): void {
    if (this.#charges.has(key)) return;
    this.#keep({ key, reference, amountCents, currency, state: 'approved', refunds: {} });
  }

  #refundOf(charge: Charge, refundKey: string, amountCents: number): Outcome<Charge> {
    const before = charge.refunds[refundKey];
    if (before !== undefined) {
      if (before.amountCents !== amountCents && refundKey !== 'cancellation')
        return { conflict: 'This refund came with another amount before.' };
      return { value: charge, changed: false };
    }
    if (amountCents > left(charge)) return { conflict: 'More would go back than was taken.' };
    const refund = { reference: `refund-of-${charge.reference}-${refundKey}`, amountCents };
    return this.#keep({ ...charge, refunds: { ...charge.refunds, [refundKey]: refund } });
  }

  #keep(charge: Charge): Outcome<Charge> {
    if (this.#file !== undefined) appendFileSync(this.#file, `${JSON.stringify(charge)}\n`);
    this.#charges.set(charge.key, charge);
    return { value: charge, changed: true };
  }
}

const referenceOf = (key: string) => `charge-of-${key}`;

export const refundedCents = (charge: Charge): number =>
  Object.values(charge.refunds).reduce((sum, { amountCents }) => sum + amountCents, 0);

const left = (charge: Charge): number => charge.amountCents - refundedCents(charge);

/** What is taken of a charge at the moment. */
export const keptCents = (charge: Charge): number => (charge.state === 'approved' ? left(charge) : 0);
