import { ShopError } from '../http/problem.ts';
import { sqlState } from '../db/sql.ts';

/** SQLSTATE of a write on a table whose group another side owns. */
const refusedBySide = 'MP001';
/** The same refusal, as a transaction with an older snapshot meets it. */
const refusedBySnapshot = '40001';

export const isRefusal = (error: unknown): boolean => {
  const state = sqlState(error);
  return state === refusedBySide || state === refusedBySnapshot;
};

/** What a client of a moved module is told when its write reached the old side all the same. */
export function notOwner(cause: unknown): ShopError {
  return new ShopError(
    'not-owner',
    'This data has moved; the same request is answered elsewhere. Try again.',
    {
      cause,
      headers: { 'matapalo-refused': refusedBySide, 'retry-after': '1' },
    },
  );
}
