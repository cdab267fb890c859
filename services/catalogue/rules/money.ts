/** Prices travel as decimal text, never as a float. What is accepted fits int4 cents on the legacy side, too. */
export const amountPattern = '^(0|[1-9][0-9]{0,6})(\\.[0-9]{1,2})?$';
