/** Money on the wire is a decimal with two places; ledgers count cents. */
export const amountOf = (cents: number): string =>
  `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`;

export function centsOf(amount: unknown): number {
  const match = /^(\d+)\.(\d{2})$/.exec(typeof amount === 'string' ? amount : '');
  return match ? Number(match[1]) * 100 + Number(match[2]) : Number.NaN;
}
