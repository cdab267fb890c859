/** Prices travel as decimal text, never as a float. What is accepted fits int4 cents on the legacy side, too. */
export const amountPattern = '^(0|[1-9][0-9]{0,6})(\\.[0-9]{1,2})?$';

/** As numeric(12, 2) gives it back: `12.5` is `12.50`. */
export function decimal(amount: string): string {
  const [whole = '0', cents = ''] = amount.split('.');
  return `${whole}.${cents.padEnd(2, '0')}`;
}
