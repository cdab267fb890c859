export const returnStatuses = [
  'requested',
  'rejected',
  'approved',
  'refunded',
  'completed',
  'failed',
] as const;
export type ReturnStatus = (typeof returnStatuses)[number];
/** An approved return is refunded, then its goods go back to stock; either the money goes back or it fails. */
const moves: Record<ReturnStatus, readonly ReturnStatus[]> = {
  requested: ['approved', 'rejected'],
  approved: ['refunded', 'failed'],
  refunded: ['completed'],
  rejected: [],
  completed: [],
  failed: [],
};
export const mayReturnMove = (from: ReturnStatus, to: ReturnStatus): boolean => moves[from].includes(to);

/** Something still has to be done for it. */
export const isUnsettled = (status: ReturnStatus): boolean => status === 'approved' || status === 'refunded';
/** Its pieces count as returned: they cannot be returned again. */
export const claims = (status: ReturnStatus): boolean => status !== 'rejected' && status !== 'failed';

export interface ReturnLine {
  productId: number;
  quantity: number;
}

/** The first product of which more would be returned than was bought, less what returns before have claimed. */
export function overReturned(
  wanted: readonly ReturnLine[],
  bought: readonly ReturnLine[],
  claimed: readonly ReturnLine[],
): (ReturnLine & { left: number }) | undefined {
  const sum = (lines: readonly ReturnLine[], id: number) =>
    lines.reduce((total, line) => total + (line.productId === id ? line.quantity : 0), 0);
  return wanted
    .map((line) => ({ ...line, left: sum(bought, line.productId) - sum(claimed, line.productId) }))
    .find(({ quantity, left }) => quantity > left);
}

export const sameReturn = (a: readonly ReturnLine[], b: readonly ReturnLine[]): boolean => {
  const text = (lines: readonly ReturnLine[]) =>
    lines
      .map(({ productId, quantity }) => `${productId}x${quantity}`)
      .sort()
      .join();
  return text(a) === text(b);
};
