/** Decimal text, as the public API and PostgreSQL's numeric have it, to cents. Its form has been checked. */
export function centsOf(amount: string): number {
  const [units = '0', fraction = ''] = amount.split('.');
  return Number(units) * 100 + Number(fraction.padEnd(2, '0'));
}

export function amountOf(cents: number): string {
  return `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`;
}

export interface Money {
  amount: string;
  currency: string;
}
